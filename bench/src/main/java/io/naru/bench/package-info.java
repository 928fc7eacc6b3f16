/** Placeholder. */
package io.naru.bench;
