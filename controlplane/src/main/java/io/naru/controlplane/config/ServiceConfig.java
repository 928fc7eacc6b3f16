package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;

/**
 * (VIP, protocol, ports) and what becomes of the packets sent there; {@code name} is its identity.
 *
 * @param pool name of a pool of the same configuration.
 */
public record ServiceConfig(
        String name,
        IpAddress vip,
        Protocol protocol,
        PortRange ports,
        Mode mode,
        Algorithm algorithm,
        String pool,
        TimeoutsConfig timeouts,
        Options options,
        TunnelConfig tunnel) {

    /**
     * What few services say.
     *
     * @param mssClamp in bytes; see {@link ServiceOptions#MSS_AUTO} and {@link
     *     ServiceOptions#MSS_OFF}.
     */
    public record Options(
            boolean adoptsFlows,
            boolean oneShot,
            boolean resetsIdle,
            int mssClamp,
            OversizeRule oversize,
            Selection selection,
            FlowRule onDown,
            FlowRule onRemove,
            FlowLimits limits,
            PersistenceConfig persistence) {
        public static final Options DEFAULT =
                new Options(
                        false,
                        false,
                        false,
                        ServiceOptions.MSS_AUTO,
                        OversizeRule.INNER,
                        Selection.DEFAULT,
                        FlowRule.RESET,
                        FlowRule.KEEP,
                        FlowLimits.DEFAULT,
                        PersistenceConfig.NONE);
    }

    /** What of a flow {@code maglev} goes by. */
    public enum HashedPart {
        TUPLE,
        SOURCE;

        static HashedPart of(final Selection selection) {
            return selection.hashesSource() ? SOURCE : TUPLE;
        }
    }

    /** A service that says nothing more. */
    public ServiceConfig(
            final String name,
            final IpAddress vip,
            final Protocol protocol,
            final PortRange ports,
            final Mode mode,
            final Algorithm algorithm,
            final String pool,
            final TimeoutsConfig timeouts) {
        this(
                name,
                vip,
                protocol,
                ports,
                mode,
                algorithm,
                pool,
                timeouts,
                Options.DEFAULT,
                TunnelConfig.DEFAULT);
    }

    /** Options and tunnel for the data plane. */
    public ServiceOptions serviceOptions() {
        return new ServiceOptions(
                        options.adoptsFlows,
                        options.oneShot,
                        options.resetsIdle,
                        options.mssClamp,
                        options.oversize,
                        tunnel.spec())
                .with(
                        options.selection,
                        options.onDown,
                        options.onRemove,
                        options.limits,
                        options.persistence.spec());
    }
}
