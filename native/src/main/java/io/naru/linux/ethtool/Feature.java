package io.naru.linux.ethtool;

/**
 * An offload or other feature of a device.
 *
 * @param active it is on.
 * @param changeable the operator can switch it; false if it is fixed.
 */
public record Feature(String name, boolean active, boolean changeable) {
    /** Whether checksums of locally made packets are left to the device, for any protocol. */
    public boolean isTxChecksum() {
        return name.startsWith("tx-checksum-");
    }
}
