package io.naru.dataplane.forward;

import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.port.PacketBurst;

/**
 * {@code dsr-l2}: the frame gets the backend's MAC as its destination and ours as its source;
 * nothing else is touched.
 *
 * <p>The backend has the VIP as an address of its own (on a loopback interface, silent to ARP) and
 * answers the client itself, so it must be on one network with us.
 */
public final class L2DsrForwarder implements Forwarder {
    private final long[] macsNet;

    /**
     * @param macsNet our MAC by interface index.
     */
    public L2DsrForwarder(final long[] macsNet) {
        this.macsNet = macsNet.clone();
    }

    @Override
    public void forward(final PacketBurst burst, final int[] selection, final int count) {
        final long[] macsNet = this.macsNet;
        for (int k = 0; k < count; k++) {
            final int i = selection[k];
            final long hop = burst.hop[i];
            EthernetHeader.putMacsNet(burst.address[i], hop, macsNet[Hop.interfaceIndex(hop)]);
        }
    }
}
