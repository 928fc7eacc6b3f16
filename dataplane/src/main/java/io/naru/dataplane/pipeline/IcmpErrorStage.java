package io.naru.dataplane.pipeline;

import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.putShort;

import io.naru.dataplane.flow.FlowAddresses;
import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.flow.FlowTable;
import io.naru.dataplane.flow.LocalPorts;
import io.naru.dataplane.forward.Forwarder;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.neighbour.HopTable;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.packet.IcmpHeader;
import io.naru.dataplane.packet.InternetChecksum;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.packet.PacketKind;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.packet.TransportHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.service.ForwardingTable;

/**
 * Brings an ICMP error to the host whose packet it is about (RFC 5508 §4, RFC 4443 §2.4): the flow
 * is found by the packet that the error quotes, and what that packet was changed to on its way is
 * changed back, outside and in the quote, with every checksum that is there.
 *
 * <pre>
 *   about an answer        router ──► VIP   [VIP:port ──► client]
 *     nat                  becomes  router ──► backend  [backend:port ──► client]
 *     full-nat             becomes  local ──► backend   [backend:port ──► local:port]
 *     dsr-l2, dsr-gre, -ipip  as it is, to the flow's backend
 *   about a request
 *     nat                  router ──► client  [client ──► backend:port]
 *                          becomes  VIP ──► client  [client ──► VIP:port]
 *     full-nat             router ──► local   [local:port ──► backend:port]
 *                          becomes  VIP ──► client  [client ──► VIP:port]
 *     dsr-gre, dsr-ipip    router ──► tunnel's source  [ours ──► backend [client ──► VIP]]
 *                          is for us: it says what the path takes. Becomes, if that is the news,
 *                                   VIP ──► client  [client ──► VIP]
 * </pre>
 *
 * <p>Who is behind us shows as the VIP (RFC 5508 REQ-5). The quote may be cut anywhere behind the
 * ports; a checksum that is cut off is not needed, and a UDP checksum of zero stays zero. An error
 * about an error, about a later fragment or about a flow that is not known is dropped, as is one
 * whose own checksum or whose quoted header's is wrong (REQ-3). An error is not part of the flow:
 * it does not keep it alive, count for it, or show the way to the client. Used by one worker;
 * handles one packet at a time, to its verdict.
 */
final class IcmpErrorStage {
    private static final int ICMP_OTHER = Verdict.drop(DropReason.ICMP_OTHER);
    private static final int NO_FLOW = Verdict.drop(DropReason.ICMP_NO_FLOW);
    private static final int ICMP_TUNNEL = Verdict.drop(DropReason.ICMP_TUNNEL);
    private static final int BAD_CHECKSUM = Verdict.drop(DropReason.BAD_ICMP_CHECKSUM);
    private static final int BAD_SOURCE = Verdict.drop(DropReason.BAD_SOURCE);
    private static final int BACKEND_DOWN = Verdict.drop(DropReason.BACKEND_DOWN);
    private static final int UNRESOLVED = Verdict.drop(DropReason.NEXT_HOP_UNRESOLVED);
    private static final int TTL_EXPIRED = Verdict.drop(DropReason.TTL_EXPIRED);
    private static final int NO_PORT = Verdict.drop(DropReason.NO_PORT);
    private static final int VLAN_TAG = Verdict.drop(DropReason.VLAN_TAG);
    private static final int NO_TUNNEL_SOURCE = Verdict.drop(DropReason.NO_TUNNEL_SOURCE);

    private static final int NAT = Mode.NAT.code();
    private static final int FULL_NAT = Mode.FULL_NAT.code();
    private static final int DSR_L2 = Mode.DSR_L2.code();
    private static final int DSR_GRE = Mode.DSR_GRE.code();

    /** Where an error says how long its quote is, in words of 4 or 8 bytes (RFC 4884 §4). */
    private static final int QUOTE_LENGTH_OFFSET = 5;

    private static final int QUOTE_LENGTH_OFFSET_6 = 4;

    /** RFC 4884 §4: what is quoted is filled up to this. */
    private static final int MIN_STATED_QUOTE = 128;

    /** Less than this no path of today takes; an error that says so is not believed. */
    private static final int MIN_PATH_MTU = 552;

    private static final int MIN_PATH_MTU_6 = 1280;

    /** What a router takes that does not say what it takes (RFC 1191 §5). */
    private static final int UNSAID_PATH_MTU = 576;

    private final FlowTable flows;
    private final FlowHash flowHash;
    private final LocalPorts localPorts;
    private final HopTable hops;
    private final long[] macsNet;
    private final int hopCost;
    private final int workerId;
    private final int workerCount;
    private final Forwarder tunnel;
    private final IcmpErrorReply reply;
    private final QuotedPacket quote = new QuotedPacket();
    private final QuotedPacket inner = new QuotedPacket();
    private final int[] selection = new int[1];

    private ForwardingTable table = ForwardingTable.EMPTY;
    private BridgeStage bridge; // or null
    private long nowNs;
    private PathMtuListener pathMtus = PathMtuListener.NONE;
    private long forwarded;

    // what find() found
    private long entry;
    private int direction;

    /**
     * @param settings of the pipeline.
     * @param tunnel of the tunnel modes, whatever the families.
     */
    IcmpErrorStage(
            final PipelineSettings settings,
            final long[] macsNet,
            final FlowTable flows,
            final FlowHash flowHash,
            final LocalPorts localPorts,
            final HopTable hops,
            final Forwarder tunnel,
            final IcmpErrorReply reply) {
        this.flows = flows;
        this.flowHash = flowHash;
        this.localPorts = localPorts;
        this.hops = hops;
        this.macsNet = macsNet;
        this.hopCost = settings.isRouter() ? 1 : 0;
        this.workerId = settings.workerId();
        this.workerCount = settings.workerCount();
        this.tunnel = tunnel;
        this.reply = reply;
    }

    /** In a bridge: where stations are. */
    void bridge(final BridgeStage stage) {
        bridge = stage;
    }

    void adopt(final ForwardingTable table) {
        this.table = table;
    }

    void pathMtuListener(final PathMtuListener listener) {
        pathMtus = listener;
    }

    /** Errors sent on to the host that they are for. */
    long forwarded() {
        return forwarded;
    }

    /** Whether a message of ICMP, of ICMPv6, is an error that may be about a flow. */
    static boolean isError(final int type, final boolean isIpv6) {
        // Source quench and redirects are not to be believed (RFC 6633, RFC 1812 §5.2.7.2).
        return isIpv6
                ? type >= IcmpHeader.TYPE_DESTINATION_UNREACHABLE_6
                        && type <= IcmpHeader.TYPE_PARAMETER_PROBLEM_6
                : type == IcmpHeader.TYPE_DESTINATION_UNREACHABLE
                        || type == IcmpHeader.TYPE_TIME_EXCEEDED
                        || type == IcmpHeader.TYPE_PARAMETER_PROBLEM;
    }

    /**
     * Sends an error on, hands it over to the worker that has its flow, or says why not.
     *
     * <p>The packet is of kind ICMP or ICMP_6, an error, and has a right IPv4 header.
     *
     * @return the verdict.
     */
    int follow(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long l3,
            final long nowNs) {
        this.nowNs = nowNs;
        final boolean isIpv6 = burst.kind[i] == PacketKind.ICMP_6;
        final long l4 = frame + burst.l4Offset[i];
        final int length =
                (isIpv6
                                ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(l3)
                                : Ipv4Header.totalLength(l3))
                        - (int) (l4 - l3);
        if (checksum(l3, l4, length, isIpv6) != 0) {
            return BAD_CHECKSUM;
        }

        if (!isSourceSound(l3, isIpv6)) {
            return BAD_SOURCE;
        }

        if (!quote.wrap(l4 + IcmpHeader.LENGTH, endOfQuote(l4, length, isIpv6), isIpv6)) {
            return NO_FLOW;
        }

        if (!quote.isHeaderRight()) {
            return BAD_CHECKSUM;
        }

        if (!isSentToQuotedSource(l3, isIpv6)) {
            return NO_FLOW; // nobody but its sender is told about a packet
        }

        if (quote.isTunnel()) {
            return followTunnel(burst, i, l4, nowNs);
        }

        if (!quote.hasPorts()) {
            return ICMP_OTHER;
        }

        final int verdict = isIpv6 ? find6(burst, i) : find4(burst, i);
        return verdict == Verdict.UNDECIDED ? sendOn(burst, i, frame, l3, l4, length) : verdict;
    }

    /**
     * The end of the quoted packet: extensions of ICMP may stand behind it (RFC 4884). A length
     * that such a message cannot state is what an old one has in a field that it does not use.
     */
    private static long endOfQuote(final long l4, final int length, final boolean isIpv6) {
        final int stated =
                isIpv6
                        ? (RawMemory.getByte(l4 + QUOTE_LENGTH_OFFSET_6) & 0xff) * Long.BYTES
                        : (RawMemory.getByte(l4 + QUOTE_LENGTH_OFFSET) & 0xff) * Integer.BYTES;
        final int type = IcmpHeader.type(l4);
        final boolean isStated =
                isIpv6
                        ? type == IcmpHeader.TYPE_DESTINATION_UNREACHABLE_6
                                || type == IcmpHeader.TYPE_TIME_EXCEEDED_6
                        : true;
        final int there = length - IcmpHeader.LENGTH;
        return l4
                + IcmpHeader.LENGTH
                + (isStated && stated >= MIN_STATED_QUOTE ? Math.min(stated, there) : there);
    }

    private boolean isSourceSound(final long l3, final boolean isIpv6) {
        if (isIpv6) {
            final long high = Ipv6Header.sourceHighNet(l3);
            return Sources.isClient6(high) && !table.isVip6(high, Ipv6Header.sourceLowNet(l3));
        }

        final int source = Ipv4Header.sourceNet(l3);
        return Sources.isClient(source) && table.isVip(source) == 0;
    }

    private boolean isSentToQuotedSource(final long l3, final boolean isIpv6) {
        return isIpv6
                ? FlowAddresses.isSame(
                        l3 + Ipv6Header.DESTINATION_OFFSET, quote.l3() + Ipv6Header.SOURCE_OFFSET)
                : Ipv4Header.destinationNet(l3) == Ipv4Header.sourceNet(quote.l3());
    }

    // -- whose packet it was ----------------------------------------------------------------------

    /** Sets entry and direction of the flow, or says the verdict. */
    private int find4(final PacketBurst burst, final int i) {
        final int source = Ipv4Header.sourceNet(quote.l3());
        final int destination = Ipv4Header.destinationNet(quote.l3());
        final int protocol = quote.protocol();
        final boolean isVip = table.isVip(source) != 0;
        final boolean isToBackend =
                table.isNatBackend(destination, protocol, quote.destinationPortNet());
        final int localId = table.locals().idOf(source);
        if (localId != ForwardingTable.NONE
                && (!isVip
                        || (isToBackend
                                && table.serviceOf(source, protocol, quote.sourcePortNet())
                                        == ForwardingTable.NONE))) {
            return findByLocalPort(burst, i, localId);
        }

        if (!isVip && !isToBackend) {
            return NO_FLOW;
        }

        // The answer to the quoted packet has the keys that the flow is found by.
        direction = isVip ? FlowEntry.TO_BACKEND : FlowEntry.TO_CLIENT;
        final long keyA = (destination & 0xffff_ffffL) | ((long) source << Integer.SIZE);
        return findByClient(burst, i, keyA, protocol);
    }

    private int find6(final PacketBurst burst, final int i) {
        final long q = quote.l3();
        final long sourceHigh = Ipv6Header.sourceHighNet(q);
        final long sourceLow = Ipv6Header.sourceLowNet(q);
        final long destinationHigh = Ipv6Header.destinationHighNet(q);
        final long destinationLow = Ipv6Header.destinationLowNet(q);
        final int protocol = quote.protocol();
        final boolean isVip = table.isVip6(sourceHigh, sourceLow);
        final boolean isToBackend =
                table.isNatBackend6(
                        destinationHigh, destinationLow, protocol, quote.destinationPortNet());
        final int localId = table.locals().idOf6(sourceHigh, sourceLow);
        if (localId != ForwardingTable.NONE
                && (!isVip
                        || (isToBackend
                                && table.serviceOf6(
                                                sourceHigh,
                                                sourceLow,
                                                protocol,
                                                quote.sourcePortNet())
                                        == ForwardingTable.NONE))) {
            return findByLocalPort(burst, i, localId);
        }

        if (!isVip && !isToBackend) {
            return NO_FLOW;
        }

        direction = isVip ? FlowEntry.TO_BACKEND : FlowEntry.TO_CLIENT;
        final long keyA =
                (flowHash.digest(destinationHigh, destinationLow) & 0xffff_ffffL)
                        | ((long) flowHash.digest(sourceHigh, sourceLow) << Integer.SIZE);
        final int verdict = findByClient(burst, i, keyA, protocol | FlowEntry.FAMILY_6);
        if (verdict != Verdict.UNDECIDED) {
            return verdict;
        }

        final long addresses = flows.addresses(entry);
        final long answersSource =
                addresses + (isVip ? FlowAddresses.CLIENT_OFFSET : FlowAddresses.BACKEND_OFFSET);
        final long answersTarget =
                addresses + (isVip ? FlowAddresses.VIP_OFFSET : FlowAddresses.CLIENT_OFFSET);
        return FlowAddresses.isSame(answersSource, q + Ipv6Header.DESTINATION_OFFSET)
                        && FlowAddresses.isSame(answersTarget, q + Ipv6Header.SOURCE_OFFSET)
                ? Verdict.UNDECIDED
                : NO_FLOW;
    }

    private int findByClient(
            final PacketBurst burst, final int i, final long keyA, final int keyProtocol) {
        final long keyB =
                quote.destinationPortNet()
                        | ((long) quote.sourcePortNet() << Short.SIZE)
                        | ((long) keyProtocol << Integer.SIZE);
        final long hash = flowHash.hash(keyA, keyB, direction);
        final int owner = FlowHash.worker(hash, workerCount);
        if (owner != workerId) {
            burst.owner[i] = owner;
            return Verdict.HANDOVER;
        }

        burst.hash[i] = hash;
        entry = flows.find(hash, keyA, keyB, direction);
        return entry == FlowTable.NONE ? NO_FLOW : Verdict.UNDECIDED;
    }

    private int findByLocalPort(final PacketBurst burst, final int i, final int localId) {
        final int port = quote.sourcePortNet();
        final int owner = localPorts.owner(port);
        if (owner == LocalPorts.NONE) {
            return NO_FLOW;
        }

        if (owner != workerId) {
            burst.owner[i] = owner;
            return Verdict.HANDOVER;
        }

        direction = FlowEntry.TO_CLIENT;
        entry = localPorts.entry(localId, quote.protocol(), port);
        return entry != FlowTable.NONE && isToBackendOf(entry) ? Verdict.UNDECIDED : NO_FLOW;
    }

    /** Whether the quoted packet was sent to the backend of the flow that has its local port. */
    private boolean isToBackendOf(final long entry) {
        final long addresses = flows.addresses(entry);
        final long q = quote.l3();
        if (FlowAddresses.backendPortNet(addresses) != quote.destinationPortNet()
                || FlowEntry.isIpv6(entry) != quote.isIpv6()) {
            return false;
        }

        return quote.isIpv6()
                ? FlowAddresses.isSame(
                        addresses + FlowAddresses.BACKEND_OFFSET, q + Ipv6Header.DESTINATION_OFFSET)
                : FlowAddresses.backendIpv4(addresses) == Ipv4Header.destinationNet(q);
    }

    // -- to where it belongs ----------------------------------------------------------------------

    private int sendOn(
            final PacketBurst burst,
            final int i,
            final long frame,
            final long l3,
            final long l4,
            final int length) {
        final long entry = this.entry;
        final int mode = FlowEntry.mode(entry);
        final boolean isIpv6 = quote.isIpv6();
        final int hopId = table.hopId(FlowEntry.backendId(entry));
        if (direction == FlowEntry.TO_BACKEND
                && hopId < 0
                && table.ruleOf(FlowEntry.serviceId(entry), FlowEntry.backendId(entry))
                        != FlowRule.KEEP) {
            return BACKEND_DOWN;
        }

        final long chosen =
                direction == FlowEntry.TO_BACKEND
                        ? hops.hop(hopId & Integer.MAX_VALUE)
                        : FlowEntry.clientHop(entry);
        final long hop = bridge == null ? chosen : bridge.resolve(chosen, nowNs);
        final int cost = mode == DSR_L2 ? 0 : hopCost;
        final int ttl = isIpv6 ? Ipv6Header.hopLimit(l3) : Ipv4Header.ttl(l3);
        final int problem = problemOf(burst, i, hop, cost != 0 && ttl <= cost);
        if (problem != Verdict.UNDECIDED) {
            return problem;
        }

        burst.hop[i] = hop;
        forwarded++;
        if (mode == NAT || mode == FULL_NAT) {
            if (isIpv6) {
                translate6(l3, mode == FULL_NAT);
            } else {
                translate4(l3, mode == FULL_NAT);
            }

            IcmpHeader.putChecksumNet(l4, 0);
            IcmpHeader.putChecksumNet(l4, checksum(l3, l4, length, isIpv6));
        } else if (mode != DSR_L2) {
            return sendThroughTunnel(burst, i, hop);
        }

        EthernetHeader.putMacsNet(frame, hop, macsNet[Hop.interfaceIndex(hop)]);
        return Verdict.TX;
    }

    private int problemOf(
            final PacketBurst burst, final int i, final long hop, final boolean isLate) {
        if (isLate) {
            return TTL_EXPIRED;
        }

        if (!Hop.isResolved(hop)) {
            return UNRESOLVED;
        }

        final int egress = Hop.interfaceIndex(hop);
        if (egress >= macsNet.length) {
            return NO_PORT;
        }

        return burst.l3Offset[i] != EthernetHeader.LENGTH && egress != burst.ingress[i]
                ? VLAN_TAG
                : Verdict.UNDECIDED;
    }

    private int sendThroughTunnel(final PacketBurst burst, final int i, final long hop) {
        final boolean hasSource =
                table.tunnels()
                        .hasSource(
                                FlowEntry.serviceId(entry),
                                Hop.interfaceIndex(hop),
                                table.isBackendIpv6(FlowEntry.backendId(entry)));
        if (!hasSource) {
            return NO_TUNNEL_SOURCE;
        }

        burst.entry[i] = entry;
        burst.direction[i] = direction;
        selection[0] = i;
        tunnel.forward(burst, selection, 1);
        return Verdict.TX;
    }

    // -- translation ------------------------------------------------------------------------------

    private void translate4(final long l3, final boolean isFullNat) {
        final long q = quote.l3();
        if (direction == FlowEntry.TO_BACKEND) {
            final int backend =
                    isFullNat
                            ? FlowAddresses.backendIpv4(flows.addresses(entry))
                            : FlowEntry.backendIpNet(entry);
            Ipv4Header.putDestinationNet(l3, backend);
            Ipv4Header.putSourceNet(q, backend);
            if (isFullNat) {
                final int local =
                        table.locals().ipNet(FlowAddresses.localId(flows.addresses(entry)));
                Ipv4Header.putSourceNet(l3, local);
                Ipv4Header.putDestinationNet(q, local);
            }
        } else {
            Ipv4Header.putSourceNet(l3, FlowEntry.vipNet(entry));
            Ipv4Header.putDestinationNet(q, FlowEntry.vipNet(entry));
            if (isFullNat) {
                Ipv4Header.putDestinationNet(l3, FlowEntry.clientIpNet(entry));
                Ipv4Header.putSourceNet(q, FlowEntry.clientIpNet(entry));
            }
        }

        Ipv4Header.putTtl(l3, Ipv4Header.ttl(l3) - hopCost);
        putHeaderChecksum(l3);
        putHeaderChecksum(q);
        translateTransport(isFullNat);
    }

    /** Whole, since it was right before. */
    private static void putHeaderChecksum(final long l3) {
        Ipv4Header.putChecksumNet(l3, 0);
        Ipv4Header.putChecksumNet(
                l3, InternetChecksum.checksumNet(l3, Ipv4Header.headerLength(l3)));
    }

    private void translate6(final long l3, final boolean isFullNat) {
        final long q = quote.l3();
        final long addresses = flows.addresses(entry);
        if (direction == FlowEntry.TO_BACKEND) {
            final long backend = addresses + FlowAddresses.BACKEND_OFFSET;
            putAddress(l3 + Ipv6Header.DESTINATION_OFFSET, backend);
            putAddress(q + Ipv6Header.SOURCE_OFFSET, backend);
            if (isFullNat) {
                final int id = FlowAddresses.localId(addresses);
                Ipv6Header.putSourceNet(l3, table.locals().highNet(id), table.locals().lowNet(id));
                Ipv6Header.putDestinationNet(
                        q, table.locals().highNet(id), table.locals().lowNet(id));
            }
        } else {
            final long vip = addresses + FlowAddresses.VIP_OFFSET;
            putAddress(l3 + Ipv6Header.SOURCE_OFFSET, vip);
            putAddress(q + Ipv6Header.DESTINATION_OFFSET, vip);
            if (isFullNat) {
                final long client = addresses + FlowAddresses.CLIENT_OFFSET;
                putAddress(l3 + Ipv6Header.DESTINATION_OFFSET, client);
                putAddress(q + Ipv6Header.SOURCE_OFFSET, client);
            }
        }

        Ipv6Header.putHopLimit(l3, Ipv6Header.hopLimit(l3) - hopCost);
        translateTransport(isFullNat);
    }

    private static void putAddress(final long target, final long source) {
        RawMemory.putLong(target, getLong(source));
        RawMemory.putLong(target + Long.BYTES, getLong(source + Long.BYTES));
    }

    /** The quoted ports, and the quoted checksum if the quote reaches that far. */
    private void translateTransport(final boolean isFullNat) {
        final long q4 = quote.l4();
        if (direction == FlowEntry.TO_BACKEND) {
            final long addresses = flows.addresses(entry);
            TransportHeader.putSourcePortNet(
                    q4,
                    isFullNat
                            ? FlowAddresses.backendPortNet(addresses)
                            : FlowEntry.backendPortNet(entry));
            if (isFullNat) {
                TransportHeader.putDestinationPortNet(q4, FlowAddresses.localPortNet(addresses));
            }
        } else {
            TransportHeader.putDestinationPortNet(q4, FlowEntry.vipPortNet(entry));
            if (isFullNat) {
                TransportHeader.putSourcePortNet(q4, FlowEntry.clientPortNet(entry));
            }
        }

        if (quote.hasTransportChecksum()) {
            final int protocol = quote.protocol();
            final long checksum = q4 + TransportHeader.checksumOffset(protocol);
            putShort(
                    checksum,
                    (short)
                            InternetChecksum.updateTransport(
                                    RawMemory.getShort(checksum) & 0xffff,
                                    FlowEntry.l4Delta(entry, direction),
                                    protocol));
        }
    }

    private static int checksum(
            final long l3, final long l4, final int length, final boolean isIpv6) {
        return isIpv6
                ? InternetChecksum.transport6ChecksumNet(l3, l4, length, Ipv6Header.NEXT_ICMPV6)
                : InternetChecksum.checksumNet(l4, length);
    }

    // -- about packets of ours --------------------------------------------------------------------

    /** An error about a packet that we sent through a tunnel: the quote has another one inside. */
    private int followTunnel(
            final PacketBurst burst, final int i, final long l4, final long nowNs) {
        final int mtu = pathMtu(l4);
        if (mtu == 0) {
            return ICMP_TUNNEL;
        }

        if (!inner.wrapInner(quote) || !inner.hasPorts()) {
            tellPathMtu(mtu); // there is not enough of the packet to see whether it was ours
            return ICMP_TUNNEL;
        }

        final int verdict = findTunnelled(burst, i);
        if (verdict != Verdict.UNDECIDED) {
            return verdict;
        }

        tellPathMtu(mtu);
        final int overhead =
                table.tunnels()
                        .overhead(
                                FlowEntry.serviceId(entry),
                                FlowEntry.mode(entry) == DSR_GRE,
                                quote.isIpv6());
        final long hop = FlowEntry.clientHop(entry);
        final int problem = problemOf(burst, i, hop, false);
        // a sender of IPv6 is never told of less than 1280: what is around it will be cut
        final boolean isCut = inner.isIpv6() && inner.statedLength() <= MIN_PATH_MTU_6;
        if (problem != Verdict.UNDECIDED || isCut || !inner.isUnfragmentable()) {
            return ICMP_TUNNEL;
        }

        return reply.tooBigInTunnel(
                burst, i, inner.l3(), inner.length(), entry, mtu - overhead, nowNs);
    }

    /** What the path takes, if that is what the error is about and it can be; else 0. */
    private int pathMtu(final long l4) {
        final int type = IcmpHeader.type(l4);
        final int rest = Integer.reverseBytes(RawMemory.getInt(l4 + IcmpHeader.REST_OFFSET));
        final boolean isIpv6 = quote.isIpv6();
        final boolean isTooBig =
                isIpv6
                        ? type == IcmpHeader.TYPE_PACKET_TOO_BIG_6
                        : type == IcmpHeader.TYPE_DESTINATION_UNREACHABLE
                                && IcmpHeader.code(l4) == IcmpHeader.CODE_FRAGMENTATION_NEEDED;
        if (!isTooBig) {
            return 0;
        }

        final int said = isIpv6 ? rest : rest & 0xffff;
        final int mtu = said == 0 && !isIpv6 ? UNSAID_PATH_MTU : said;
        final int least = isIpv6 ? MIN_PATH_MTU_6 : MIN_PATH_MTU;
        return mtu >= least && mtu < quote.statedLength() ? mtu : 0;
    }

    private void tellPathMtu(final int mtu) {
        final long q = quote.l3();
        if (quote.isIpv6()) {
            pathMtus.onPathMtu(
                    Ipv6Header.destinationHighNet(q), Ipv6Header.destinationLowNet(q), mtu);
        } else {
            pathMtus.onPathMtu(0, Ipv4Header.destinationNet(q) & 0xffff_ffffL, mtu);
        }
    }

    /** Finds the flow of the inner packet, and that the outer one went to its backend. */
    private int findTunnelled(final PacketBurst burst, final int i) {
        direction = FlowEntry.TO_BACKEND;
        final long p = inner.l3();
        final long keyA =
                inner.isIpv6()
                        ? (flowHash.digest(Ipv6Header.sourceHighNet(p), Ipv6Header.sourceLowNet(p))
                                        & 0xffff_ffffL)
                                | ((long)
                                                flowHash.digest(
                                                        Ipv6Header.destinationHighNet(p),
                                                        Ipv6Header.destinationLowNet(p))
                                        << Integer.SIZE)
                        : getLong(p + Ipv4Header.SOURCE_OFFSET);
        final int family = inner.isIpv6() ? FlowEntry.FAMILY_6 : 0;
        final long keyB =
                (TransportHeader.portsNet(inner.l4()) & 0xffff_ffffL)
                        | ((long) (inner.protocol() | family) << Integer.SIZE);
        final long hash = flowHash.hash(keyA, keyB, direction);
        final int owner = FlowHash.worker(hash, workerCount);
        if (owner != workerId) {
            burst.owner[i] = owner;
            return Verdict.HANDOVER;
        }

        entry = flows.find(hash, keyA, keyB, direction);
        if (entry == FlowTable.NONE
                || (inner.isIpv6()
                        && !FlowAddresses.matches(
                                flows.addresses(entry), p + Ipv6Header.SOURCE_OFFSET, direction))) {
            return NO_FLOW;
        }

        return isToTunnelOf(entry) ? Verdict.UNDECIDED : NO_FLOW;
    }

    private boolean isToTunnelOf(final long entry) {
        final int backendId = FlowEntry.backendId(entry);
        final int mode = FlowEntry.mode(entry);
        final long q = quote.l3();
        if (table.backend(backendId) == null
                || (mode != DSR_GRE && mode != Mode.DSR_IPIP.code())
                || table.isBackendIpv6(backendId) != quote.isIpv6()) {
            return false;
        }

        return quote.isIpv6()
                ? table.backendHighNet(backendId) == Ipv6Header.destinationHighNet(q)
                        && table.backendLowNet(backendId) == Ipv6Header.destinationLowNet(q)
                : table.backendIpNet(backendId) == Ipv4Header.destinationNet(q);
    }
}
