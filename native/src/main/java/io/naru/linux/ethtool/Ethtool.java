package io.naru.linux.ethtool;

import static io.naru.linux.ethtool.EthtoolDescriptor.BUS_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.CHANNELS_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.COMBINED_MAXIMUM_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.COMBINED_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.DATA_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.DRIVER_INFO_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.DRIVER_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GCHANNELS;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GDRVINFO;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GFEATURES;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GRINGPARAM;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GSSET_INFO;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETHTOOL_GSTRINGS;
import static io.naru.linux.ethtool.EthtoolDescriptor.ETH_SS_FEATURES;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_ACTIVE_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_AVAILABLE_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_BLOCK_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_COUNT_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_NEVER_CHANGED_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.FEATURES_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.FIRMWARE_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.NAME_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.REQUEST_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.RINGS_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.RX_CHANNELS_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.RX_MAXIMUM_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.RX_RING_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.SET_INFO_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.SET_MASK_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.SET_SIZE_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.SIOCETHTOOL;
import static io.naru.linux.ethtool.EthtoolDescriptor.STRINGS_COUNT_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.STRINGS_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.STRINGS_SET_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.TEXT_LENGTH;
import static io.naru.linux.ethtool.EthtoolDescriptor.TX_CHANNELS_MAXIMUM_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.TX_CHANNELS_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.TX_RING_MAXIMUM_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.TX_RING_OFFSET;
import static io.naru.linux.ethtool.EthtoolDescriptor.VERSION_OFFSET;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Asks drivers about their devices.
 *
 * <p>An answer is empty if the driver doesn't know the question. Used by one thread at a time; sees
 * the devices of the network namespace of the thread that opened it. Needs no privilege.
 */
public final class Ethtool implements AutoCloseable {
    // include/linux/socket.h, include/linux/net.h: any kind of socket carries the ioctl
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;

    private final int fd;

    private Ethtool(final int fd) {
        this.fd = fd;
    }

    /**
     * Begins to ask in the calling thread's network namespace.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static Ethtool open() {
        final int fd = Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return new Ethtool(LinuxException.check(fd, "socket(AF_INET)", "", ""));
    }

    /** Who drives the device. */
    public Optional<DriverInfo> driver(final String name) {
        final UnsafeBuffer info = buffer(DRIVER_INFO_LENGTH);
        if (!ask(name, ETHTOOL_GDRVINFO, info, "ETHTOOL_GDRVINFO")) {
            return Optional.empty();
        }

        return Optional.of(
                new DriverInfo(
                        text(info, DRIVER_OFFSET),
                        text(info, VERSION_OFFSET),
                        text(info, FIRMWARE_OFFSET),
                        text(info, BUS_OFFSET)));
    }

    /** The device's queues; drivers with exactly one often don't know the question. */
    public Optional<Channels> channels(final String name) {
        final UnsafeBuffer channels = buffer(CHANNELS_LENGTH);
        if (!ask(name, ETHTOOL_GCHANNELS, channels, "ETHTOOL_GCHANNELS")) {
            return Optional.empty();
        }

        return Optional.of(
                new Channels(
                        channels.getInt(RX_CHANNELS_OFFSET),
                        channels.getInt(TX_CHANNELS_OFFSET),
                        channels.getInt(COMBINED_OFFSET),
                        channels.getInt(RX_MAXIMUM_OFFSET),
                        channels.getInt(TX_CHANNELS_MAXIMUM_OFFSET),
                        channels.getInt(COMBINED_MAXIMUM_OFFSET)));
    }

    /** The sizes of the device's rings. */
    public Optional<RingSizes> rings(final String name) {
        final UnsafeBuffer rings = buffer(RINGS_LENGTH);
        if (!ask(name, ETHTOOL_GRINGPARAM, rings, "ETHTOOL_GRINGPARAM")) {
            return Optional.empty();
        }

        return Optional.of(
                new RingSizes(
                        rings.getInt(RX_RING_OFFSET),
                        rings.getInt(TX_RING_OFFSET),
                        rings.getInt(RX_MAXIMUM_OFFSET),
                        rings.getInt(TX_RING_MAXIMUM_OFFSET)));
    }

    /**
     * All features that the kernel knows, by the kernel's names ({@code tx-tcp-segmentation},
     * {@code rx-gro}, {@code rx-lro} …); {@code ethtool -k} has older names for a few.
     */
    public Map<String, Feature> features(final String name) {
        final int count = featureCount(name);
        final UnsafeBuffer names = buffer(STRINGS_OFFSET + count * TEXT_LENGTH);
        names.putInt(STRINGS_SET_OFFSET, ETH_SS_FEATURES);
        names.putInt(STRINGS_COUNT_OFFSET, count);

        final int blocks = (count + Integer.SIZE - 1) / Integer.SIZE;
        final UnsafeBuffer states = buffer(FEATURES_OFFSET + blocks * FEATURES_BLOCK_LENGTH);
        states.putInt(FEATURES_COUNT_OFFSET, blocks);
        if (count == 0
                || !ask(name, ETHTOOL_GSTRINGS, names, "ETHTOOL_GSTRINGS")
                || !ask(name, ETHTOOL_GFEATURES, states, "ETHTOOL_GFEATURES")) {
            return Map.of();
        }

        final Map<String, Feature> features = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            final String feature = text(names, STRINGS_OFFSET + i * TEXT_LENGTH);
            final int block = FEATURES_OFFSET + i / Integer.SIZE * FEATURES_BLOCK_LENGTH;
            final int bit = 1 << i % Integer.SIZE;
            final boolean available = (states.getInt(block + FEATURES_AVAILABLE_OFFSET) & bit) != 0;
            final boolean active = (states.getInt(block + FEATURES_ACTIVE_OFFSET) & bit) != 0;
            final boolean never = (states.getInt(block + FEATURES_NEVER_CHANGED_OFFSET) & bit) != 0;
            if (!feature.isEmpty()) {
                features.put(feature, new Feature(feature, active, available && !never));
            }
        }

        return features;
    }

    @Override
    public void close() {
        Libc.close(fd);
    }

    private int featureCount(final String name) {
        final UnsafeBuffer info = buffer(SET_INFO_LENGTH);
        info.putLong(SET_MASK_OFFSET, 1L << ETH_SS_FEATURES);
        return ask(name, ETHTOOL_GSSET_INFO, info, "ETHTOOL_GSSET_INFO")
                ? info.getInt(SET_SIZE_OFFSET)
                : 0;
    }

    // int ioctl(int fd, SIOCETHTOOL, struct ifreq *request);
    private boolean ask(
            final String name, final int command, final UnsafeBuffer data, final String call) {
        final byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length >= NAME_LENGTH) {
            throw new LinuxException(call, name, Errno.ENODEV, "");
        }

        final UnsafeBuffer request = buffer(REQUEST_LENGTH);
        request.putBytes(0, nameBytes);
        request.putLong(DATA_OFFSET, data.addressOffset());
        data.putInt(0, command);
        try {
            final int result = Libc.ioctl(fd, SIOCETHTOOL, request.addressOffset());
            if (result == -Errno.EOPNOTSUPP) {
                return false;
            }

            LinuxException.check(result, call, name, "");
            return true;
        } finally {
            Reference.reachabilityFence(request);
            Reference.reachabilityFence(data);
        }
    }

    private static UnsafeBuffer buffer(final int lengthBytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes));
    }

    private static String text(final UnsafeBuffer buffer, final int offset) {
        int length = 0;
        while (length < TEXT_LENGTH && buffer.getByte(offset + length) != 0) {
            length++;
        }

        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
