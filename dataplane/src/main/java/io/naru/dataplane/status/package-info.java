/** What workers count, and how they write it into the cnc file. */
package io.naru.dataplane.status;
