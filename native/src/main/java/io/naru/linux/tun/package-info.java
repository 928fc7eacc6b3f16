/** Interfaces whose other end is a file of ours: {@code Documentation/networking/tuntap.rst}. */
package io.naru.linux.tun;
