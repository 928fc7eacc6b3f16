/** Memory that we map ourselves: frames and tables, on huge pages where there are any. */
package io.naru.linux.memory;
