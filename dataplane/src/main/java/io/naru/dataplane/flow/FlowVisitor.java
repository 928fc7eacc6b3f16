package io.naru.dataplane.flow;

/** Sees the entries of a slice of the table. */
public interface FlowVisitor {
    /** May read and write the entry, and may remove it from the table, but no other one. */
    void onFlow(long entry);
}
