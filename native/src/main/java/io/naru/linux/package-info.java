/** Placeholder. */
package io.naru.linux;
