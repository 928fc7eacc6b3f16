/** Which CPU a thread runs on. */
package io.naru.linux.sched;
