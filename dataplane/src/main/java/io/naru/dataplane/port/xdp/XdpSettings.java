package io.naru.dataplane.port.xdp;

import io.naru.linux.memory.HugePages;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an edge is to be like.
 *
 * @param interfaces in the order of the configuration: the index here is the interface's number.
 * @param workers how many workers there are; {@link #AUTO}: as many as the interface with the
 *     fewest queues has queues.
 * @param framesPerPort frames for each queue of each interface, a power of two.
 * @param frameSizeBytes 2048 or 4096.
 * @param hugePages what the frames are to stand on.
 * @param isBridge whether every frame on the interfaces is ours, whomever it is sent to.
 */
public record XdpSettings(
        List<Interface> interfaces,
        int workers,
        int framesPerPort,
        int frameSizeBytes,
        HugePages hugePages,
        boolean isBridge) {
    /** Of a balancer that is no bridge. */
    public XdpSettings(
            final List<Interface> interfaces,
            final int workers,
            final int framesPerPort,
            final int frameSizeBytes,
            final HugePages hugePages) {
        this(interfaces, workers, framesPerPort, frameSizeBytes, hugePages, false);
    }

    /** Find out. */
    public static final int AUTO = 0;

    /** Limits of what may be configured. */
    public static final int INTERFACES_MAX = 256; // the index has 8 bits in a hop

    /** Frames have no tag. */
    public static final int UNTAGGED = 0;

    public static final int VLAN_MAX = 4_094;

    public static final int FRAMES_PER_PORT_MIN = 256;
    public static final int FRAMES_PER_PORT_MAX = 1 << 16;

    /** Where the XDP program runs. */
    public enum Mode {
        /** In the driver if it can, else in the kernel's stack. */
        AUTO,
        /** In the driver, or not at all. */
        NATIVE,
        /** In the kernel's stack. */
        GENERIC
    }

    /** Whether the NIC itself writes to our frames. */
    public enum ZeroCopy {
        /** If all interfaces can. */
        AUTO,
        /** It must. */
        ON,
        /** It must not. */
        OFF
    }

    /**
     * One interface.
     *
     * @param queues how many of its receive queues, from the first, are ours; {@link #AUTO}: all.
     * @param vlan whose frames alone are ours, 1 to {@link #VLAN_MAX}; {@link #UNTAGGED}: no tag is
     *     put on or taken off.
     */
    public record Interface(String name, Mode mode, ZeroCopy zeroCopy, int queues, int vlan) {
        /** In no VLAN. */
        public Interface(
                final String name, final Mode mode, final ZeroCopy zeroCopy, final int queues) {
            this(name, mode, zeroCopy, queues, UNTAGGED);
        }

        /** Everything found out. */
        public static Interface of(final String name) {
            return new Interface(name, Mode.AUTO, ZeroCopy.AUTO, XdpSettings.AUTO);
        }
    }

    public XdpSettings {
        interfaces = List.copyOf(interfaces);
        require(
                !interfaces.isEmpty() && interfaces.size() <= INTERFACES_MAX,
                "interfaces must be from 1 to " + INTERFACES_MAX + ": " + interfaces.size());
        final Set<String> names = new HashSet<>();
        for (final Interface one : interfaces) {
            require(names.add(one.name()), "interface " + one.name() + " is named twice");
            require(
                    one.queues() >= AUTO,
                    "queues of interface " + one.name() + " must be at least 1: " + one.queues());
            require(
                    one.vlan() >= UNTAGGED && one.vlan() <= VLAN_MAX,
                    "the VLAN of interface " + one.name() + " must be 1 to 4094: " + one.vlan());
            require(
                    !isBridge || one.vlan() == UNTAGGED,
                    "interface " + one.name() + " has a VLAN, but a bridge carries all of them");
        }

        require(workers >= AUTO, "workers must be at least 1: " + workers);
        require(
                Integer.bitCount(framesPerPort) == 1
                        && framesPerPort >= FRAMES_PER_PORT_MIN
                        && framesPerPort <= FRAMES_PER_PORT_MAX,
                "frames must be a power of two from %d to %d: %d"
                        .formatted(FRAMES_PER_PORT_MIN, FRAMES_PER_PORT_MAX, framesPerPort));
        require(
                frameSizeBytes == 2048 || frameSizeBytes == 4096,
                "frame size must be 2048 or 4096: " + frameSizeBytes);
    }

    private static void require(final boolean condition, final String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
