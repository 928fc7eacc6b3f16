package io.naru.dataplane.protocol;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.align;

import org.agrona.concurrent.broadcast.BroadcastBufferDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.agrona.concurrent.status.CountersReader;

/**
 * Layout of the cnc (command and control) file, the one thing that the two planes share.
 *
 * <pre>
 *  +-----------------------------+ 0
 *  |  metadata                   |   4 KiB, see below
 *  +-----------------------------+
 *  |  command ring               |   clients -&gt; conductor, Agrona ManyToOneRingBuffer
 *  +-----------------------------+
 *  |  event broadcast            |   conductor -&gt; clients, Agrona BroadcastTransmitter
 *  +-----------------------------+
 *  |  counter metadata           |   Agrona CountersManager
 *  +-----------------------------+
 *  |  counter values             |
 *  +-----------------------------+
 *  |  service statistics         |   128 bytes per (worker, service), {@link StatsLine}
 *  +-----------------------------+
 *  |  backend statistics         |   128 bytes per (worker, backend)
 *  +-----------------------------+
 *  |  duty cycle histograms      |   64 buckets per worker, {@link DutyCycleDescriptor}
 *  +-----------------------------+
 *  |  directory                  |   names and states behind the ids, {@link Directory}
 *  +-----------------------------+
 *  |  error log                  |   Agrona DistinctErrorLog
 *  +-----------------------------+
 * </pre>
 *
 * <p>Every region starts at a multiple of 4096 bytes. The file is sparse: lines and entries of ids
 * that were never used take no memory.
 *
 * <p>Metadata, in the machine's byte order; one writer, the conductor, except for the client's
 * line:
 *
 * <pre>
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------------------------------------------------------+
 *  0|                 Version (written last, release)               |
 *   +---------------------------------------------------------------+
 *  4|                      Count of workers                         |
 *   +---------------------------------------------------------------+
 *  8|                            Magic                              |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 16|                             Pid                               |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 24|        Start of the process, clock ticks since boot           |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 32|                Start of the process, epoch ms                 |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 40|          Stopped at, epoch ms; 0 if it did not stop cleanly   |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 48|       Lengths of the nine regions after this one, 4 bytes each|
 *   |                             ...                               |
 *   +---------------------------------------------------------------+
 * 88|             Random number of this file                        |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 128|                 Heartbeat, epoch ms (release)                 |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 136|             Applied epoch (release), 0 before the first       |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 144|             Revision of the applied configuration             |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 152|             When it was applied, epoch ms                     |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 256|             Pid of the client heard of last                   |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 264|             When it was heard of, epoch ms (release)          |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 384|             Last error: when, epoch ms (release)              |
 *   |                                                               |
 *   +---------------------------------------------------------------+
 * 392|             Last error: length of its text                    |
 *   +---------------------------------------------------------------+
 * 396|             Last error: UTF-8, at most 1000 bytes             |
 *   |                             ...                               |
 *   +---------------------------------------------------------------+
 * </pre>
 */
final class CncFileDescriptor {
    /** {@code NARUCNC1} as loaded by a little-endian machine. */
    static final long MAGIC = 0x3143_4e43_5552_414eL;

    /** Of the layout of the whole file, messages included; 0 while it is being written. */
    static final int VERSION = 4;

    static final int PAGE_LENGTH = 4096;

    static final int VERSION_OFFSET = 0;
    static final int WORKER_COUNT_OFFSET = 4;
    static final int MAGIC_OFFSET = 8;
    static final int PID_OFFSET = 16;
    static final int START_TICKS_OFFSET = 24;
    static final int START_EPOCH_MS_OFFSET = 32;
    static final int STOPPED_EPOCH_MS_OFFSET = 40;
    static final int REGION_LENGTHS_OFFSET = 48;
    static final int FILE_ID_OFFSET = 88;
    static final int HEARTBEAT_OFFSET = 128;
    static final int APPLIED_EPOCH_OFFSET = 136;
    static final int CONFIG_REVISION_OFFSET = 144;
    static final int CONFIG_EPOCH_MS_OFFSET = 152;
    static final int CLIENT_PID_OFFSET = 256;
    static final int CLIENT_HEARTBEAT_OFFSET = 264;
    static final int LAST_ERROR_EPOCH_MS_OFFSET = 384;
    static final int LAST_ERROR_LENGTH_OFFSET = LAST_ERROR_EPOCH_MS_OFFSET + SIZE_OF_LONG;
    static final int LAST_ERROR_TEXT_OFFSET = LAST_ERROR_LENGTH_OFFSET + SIZE_OF_INT;

    static final int METADATA_LENGTH = PAGE_LENGTH;

    /** 1 MiB: a configuration of some 6,000 backends before a client has to wait for us. */
    static final int COMMAND_RING_LENGTH = (1 << 20) + RingBufferDescriptor.TRAILER_LENGTH;

    /** 1 MiB: five answers of {@link Limits#MAX_FLOWS_SHOWN} flows before a reader is lapped. */
    static final int EVENT_BUFFER_LENGTH = (1 << 20) + BroadcastBufferDescriptor.TRAILER_LENGTH;

    static final int COUNTERS_OF_PROCESS = 128;
    static final int COUNTERS_PER_WORKER = 128;

    static final int ERROR_LOG_LENGTH = 256 * 1024;

    private CncFileDescriptor() {}

    /** The regions after the metadata, in the order of the file. */
    enum Region {
        COMMAND_RING(0),
        EVENTS(1),
        COUNTER_METADATA(2),
        COUNTER_VALUES(3),
        SERVICE_STATS(4),
        BACKEND_STATS(5),
        DUTY_CYCLES(6),
        DIRECTORY(7),
        ERROR_LOG(8);

        private final int index;

        Region(final int index) {
            this.index = index;
        }

        /** Where the metadata has the region's length. */
        int lengthOffset() {
            return REGION_LENGTHS_OFFSET + index * SIZE_OF_INT;
        }
    }

    static int regionLength(final Region region, final int workerCount) {
        final int counters = COUNTERS_OF_PROCESS + COUNTERS_PER_WORKER * workerCount;
        return switch (region) {
            case COMMAND_RING -> COMMAND_RING_LENGTH;
            case EVENTS -> EVENT_BUFFER_LENGTH;
            case COUNTER_METADATA -> counters * CountersReader.METADATA_LENGTH;
            case COUNTER_VALUES -> counters * CountersReader.COUNTER_LENGTH;
            case SERVICE_STATS -> workerCount * Limits.MAX_SERVICES * StatsLine.LENGTH;
            case BACKEND_STATS -> workerCount * Limits.MAX_BACKENDS * StatsLine.LENGTH;
            case DUTY_CYCLES -> workerCount * DutyCycleDescriptor.LENGTH;
            case DIRECTORY -> Directory.LENGTH;
            case ERROR_LOG -> ERROR_LOG_LENGTH;
        };
    }

    /** Where the region after one that ends at {@code end} starts. */
    static int nextRegion(final int end) {
        return align(end, PAGE_LENGTH);
    }
}
