/** What happened, when, and by whose hand. */
package io.naru.controlplane.events;
