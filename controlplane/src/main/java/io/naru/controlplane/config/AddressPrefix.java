package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;

/**
 * An address, or all that begin like it.
 *
 * @param length bits that are the same, 32 or 128 for a single address.
 */
public record AddressPrefix(IpAddress address, int length) {
    /** A single address. */
    public static AddressPrefix of(final IpAddress address) {
        return new AddressPrefix(address, address.isIpv4() ? 32 : 128);
    }

    /** {@code 10.9.0.0/16}, or {@code 10.2.0.1} for a single address. */
    @Override
    public String toString() {
        return equals(of(address)) ? address.toString() : address + "/" + length;
    }
}
