/** Placeholder. */
package io.naru.controlplane;
