/** How packets are rewritten, one class a mode. */
package io.naru.dataplane.forward;
