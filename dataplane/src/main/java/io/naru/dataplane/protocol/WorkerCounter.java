package io.naru.dataplane.protocol;

/** The counters that every worker has, beside one for each reason to drop a packet. */
public enum WorkerCounter {
    RX_PACKETS(0, "rx-packets", "packets received"),
    RX_BYTES(1, "rx-bytes", "bytes received"),
    TX_PACKETS(2, "tx-packets", "packets sent"),
    TX_BYTES(3, "tx-bytes", "bytes sent"),
    FLOW_ENTRIES(4, "flow-entries", "flows in the table now"),
    FLOW_CAPACITY(5, "flow-capacity", "flows that the table can hold"),
    FLOW_TABLE_FULL(6, "flow-table-full", "flows that found no room in the table"),
    FLOWS_EXPIRED(7, "flows-expired", "flows that ended or were idle for too long"),
    FLOWS_EVICTED(8, "flows-evicted", "closing flows that made room for new ones"),
    HANDOVERS_OUT(9, "handovers-out", "packets handed over to the worker that owns their flow"),
    HANDOVERS_IN(10, "handovers-in", "packets taken over from other workers"),
    TX_RING_FULL(11, "tx-ring-full", "times that a transmit ring had no room"),
    ARP_REPLIES(12, "arp-replies", "ARP requests for a VIP that were answered"),
    ECHO_REPLIES(13, "echo-replies", "pings of a VIP that were answered"),
    DUTY_CYCLE_MAX_NS(14, "duty-cycle-max-ns", "longest duty cycle in nanoseconds"),
    EPOCH(15, "epoch", "epoch of the forwarding table that the worker uses"),
    ANNOUNCEMENTS(
            16, "announcements", "packets that told neighbours of addresses that became ours"),
    RSTS_DISBELIEVED(
            17, "rsts-disbelieved", "RSTs with a wrong sequence number, which ended no flow"),
    FLOWS_ORPHANED(18, "flows-orphaned", "flows that were ended as their backend was lost"),
    CLIENTS_EVICTED(
            19,
            "clients-evicted",
            "clients with persistence that gave way to others (of all workers, counted by the"
                    + " first)");

    private static final WorkerCounter[] BY_CODE = values();

    private final int code;
    private final String label;
    private final String sentence;

    WorkerCounter(final int code, final String label, final String sentence) {
        this.code = code;
        this.label = label;
        this.sentence = sentence;
    }

    /** The number that stands for it in the cnc file. */
    public int code() {
        return code;
    }

    /** The word that stands for it in output. */
    public String label() {
        return label;
    }

    public String sentence() {
        return sentence;
    }

    /** The counter of a code, or null if there is none. */
    public static WorkerCounter ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
