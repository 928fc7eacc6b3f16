/**
 * The edge to Linux: raw system calls, their errors, and (in the packages below) what we build on
 * them, with no native library to install but libc itself.
 */
package io.naru.linux;
