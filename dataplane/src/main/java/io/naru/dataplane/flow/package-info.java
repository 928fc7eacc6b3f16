/** The flows: the table they are found in, their states, and how they come to an end. */
package io.naru.dataplane.flow;
