/** From a received burst to verdicts: the stages of the packet path, in their order. */
package io.naru.dataplane.pipeline;
