package io.naru.dataplane.protocol;

/**
 * What the directory of the cnc file says about an interface.
 *
 * @param index in the order of the configuration.
 * @param kernelIndex the kernel's number of it, 0 if it is not the kernel's.
 * @param macNet its MAC in the low 48 bits, first octet lowest.
 * @param mode how packets are taken: {@code native}, {@code generic}, {@code memory} …
 * @param zeroCopy whether frames are shared with the device without a copy.
 * @param queues how many queues are served.
 * @param note why it is not the best possible way, or empty.
 */
public record InterfaceInfo(
        int index,
        String name,
        int kernelIndex,
        long macNet,
        String mode,
        boolean zeroCopy,
        int queues,
        int mtu,
        String note) {

    /** {@code 02:00:00:00:00:01}. */
    public String mac() {
        return macText(macNet);
    }

    /** A MAC in words: of the low 48 bits, as loaded from a frame. */
    public static String macText(final long macNet) {
        final StringBuilder text = new StringBuilder(17);
        for (int i = 0; i < 6; i++) {
            final int octet = (int) (macNet >>> (i * 8)) & 0xff;
            text.append(i == 0 ? "" : ":")
                    .append(Character.forDigit(octet >> 4, 16))
                    .append(Character.forDigit(octet & 0xf, 16));
        }

        return text.toString();
    }
}
