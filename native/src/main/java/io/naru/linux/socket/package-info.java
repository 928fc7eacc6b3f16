/** Sockets for packets whose headers we write ourselves: {@code raw(7)}, {@code packet(7)}. */
package io.naru.linux.socket;
