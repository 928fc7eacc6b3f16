package io.naru.controlplane.view;

import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.Directory;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketAnswer.Flow;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceInfo;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Shows what would become of a packet, and why, step by step. */
public final class ExplanationView {
    /** Candidates that the text of a step names; the document has all of them. */
    private static final int NAMED = 8;

    private final PacketQuery packet;
    private final PacketAnswer answer;
    private final DataPlaneClient client;
    private final Directory directory;
    private final ServiceSpec service;
    private final BackendInfo backend;
    private final List<JsonObject> steps = new ArrayList<>();

    public ExplanationView(
            final PacketQuery packet, final PacketAnswer answer, final DataPlaneClient client) {
        this.packet = packet;
        this.answer = answer;
        this.client = client;
        directory = client.directory();
        final ServiceInfo info =
                answer.serviceId() < 0 ? null : directory.service(answer.serviceId());
        service = info == null ? null : info.spec();
        backend = answer.backendId() < 0 ? null : directory.backend(answer.backendId());
    }

    public JsonObject toJson() {
        describe();
        final JsonObject json =
                Documents.of("Explanation")
                        .put("packet", packetJson())
                        .put("isSent", answer.isSent())
                        .put("worker", answer.workerId())
                        .putIfPresent("dropReason", answer.isSent() ? null : reason())
                        .putIfPresent("service", service == null ? null : service.name())
                        .putIfPresent("backend", backend == null ? null : name(backend))
                        .putIfPresent("mode", backend == null ? null : mode().label())
                        .put("flow", flowJson());
        if (isChosen()) {
            json.putIfPresent(
                            "rememberedBackend",
                            answer.rememberedId() < 0 ? null : name(answer.rememberedId()))
                    .putIfPresent(
                            "formerBackend", answer.formerId() < 0 ? null : name(answer.formerId()))
                    .putIfPresent("fullBackend", answer.fullId() < 0 ? null : name(answer.fullId()))
                    .put("scheduler", schedulerJson());
        }
        if (backend != null) {
            json.put("nextHop", hopJson());
        }

        return json.put("steps", steps);
    }

    // -- in words ---------------------------------------------------------------------------------

    private void describe() {
        step("packet", packetText());
        step(
                "worker",
                answer.workerId()
                        + " of "
                        + client.cncFile().workerCount()
                        + ": the hash of the client's address and port names it");
        step("service", serviceText());
        step("flow", flowText());
        if (isChosen()) {
            step("persistence", persistenceText());
            if (answer.rememberedId() < 0 || answer.rememberedId() != answer.backendId()) {
                step("scheduler", schedulerText());
            }
            step("limits", limitsText());
        }
        if (backend != null) {
            step("mode", modeText());
            step("next hop", hopText());
        }
        step("so", verdictText());
    }

    private void step(final String what, final String text) {
        steps.add(new JsonObject().put("step", what).put("text", text));
    }

    private String packetText() {
        return (packet.protocol() == Protocol.TCP ? "a SYN" : "a datagram")
                + " from "
                + endpoint(packet.client(), packet.clientPort())
                + " to "
                + packet.protocol().label()
                + " "
                + endpoint(packet.vip(), packet.vipPort());
    }

    private String serviceText() {
        if (service != null) {
            return service.name()
                    + ": "
                    + service.mode().label()
                    + ", "
                    + service.algorithm().label()
                    + ", pool "
                    + service.pool();
        }

        final List<ServiceSpec> near =
                directory.services().stream()
                        .filter(each -> !each.retired())
                        .map(ServiceInfo::spec)
                        .filter(each -> each.vip().equals(packet.vip()))
                        .toList();
        if (near.isEmpty()) {
            return "none: no service has the address "
                    + packet.vip()
                    + (answer.isSent() ? "" : "; packets to it are left to the kernel");
        }

        return "none at this port: "
                + packet.vip()
                + " has "
                + near.stream()
                        .limit(NAMED)
                        .map(each -> each.name() + " (" + ports(each) + ")")
                        .collect(Collectors.joining(", "));
    }

    private static String ports(final ServiceSpec spec) {
        return spec.protocol().label()
                + " "
                + spec.portFirst()
                + (spec.portFirst() == spec.portLast() ? "" : "-" + spec.portLast());
    }

    private String flowText() {
        final String what =
                answer.flowState()
                        + " with "
                        + name(answer.flowBackendId())
                        + ", "
                        + seconds(answer.ageMs())
                        + " old, idle for "
                        + seconds(answer.idleMs());
        return switch (answer.flow()) {
            case NONE -> "none" + middleText();
            case EXPIRED -> what + ": timed out, so it counts as none";
            case LIVE ->
                    what
                            + ", times out in "
                            + seconds(answer.expiresInMs())
                            + (answer.opensAnew() ? anewText() : "");
            case LOOSE ->
                    what
                            + ", remembered beside the flow table, which had no room"
                            + (answer.opensAnew() ? anewText() : "");
        };
    }

    private String middleText() {
        if (packet.protocol() != Protocol.TCP || service == null) {
            return "";
        }

        return service.options().adoptsFlows() && service.mode() != Mode.FULL_NAT
                ? "; the middle of a connection is adopted, by the hash"
                : "; what is not a SYN is dropped (no-flow)";
    }

    private String anewText() {
        final BackendInfo before = directory.backend(answer.flowBackendId());
        if (before == null || !before.spec().state().keepsFlows()) {
            return "; its backend is gone, so another flow begins";
        }
        if (before.retired()
                || before.spec().state() != BackendState.UP
                || before.spec().weight() == 0) {
            return "; its backend takes no new flows, so a SYN begins another one elsewhere, and"
                    + " other packets go on to it";
        }

        return "; it is over, so a SYN begins another one";
    }

    /** Whether a scheduler was asked. */
    private boolean isChosen() {
        return service != null
                && (answer.flow() == Flow.NONE
                        || answer.flow() == Flow.EXPIRED
                        || answer.opensAnew());
    }

    private String schedulerText() {
        final List<BackendInfo> candidates = candidates();
        final StringBuilder text = new StringBuilder(service.algorithm().label()).append(": ");
        if (answer.slots() > 0 && backend != null) {
            text.append("slot ").append(answer.slot()).append(" of ").append(answer.slots());
            text.append(" leads to ").append(name(backend)).append(", ");
        } else if (backend != null) {
            text.append("the worker's next choice is ").append(name(backend)).append(", ");
        }
        text.append("out of ")
                .append(candidates.size())
                .append(candidates.size() == 1 ? " candidate" : " candidates");
        if (!candidates.isEmpty()) {
            text.append(": ")
                    .append(
                            candidates.stream()
                                    .limit(NAMED)
                                    .map(this::candidateText)
                                    .collect(Collectors.joining(", ")))
                    .append(candidates.size() > NAMED ? ", …" : "");
        }
        if (answer.conflicts() > 0) {
            text.append("; passed over ")
                    .append(answer.conflicts())
                    .append(" times, as the client talks to that backend by another VIP already");
        }

        return text.toString();
    }

    private String candidateText(final BackendInfo info) {
        return "%s (weight %d%s, %d flows)"
                .formatted(
                        info.spec().name(),
                        info.spec().weight(),
                        info.spec().share() < BackendSpec.FULL_SHARE
                                ? ", share " + info.spec().share() + " %"
                                : "",
                        flows(info));
    }

    private String persistenceText() {
        final Persistence persistence = service.options().persistence();
        if (!persistence.isUsed()) {
            return "off";
        }

        if (answer.rememberedId() >= 0) {
            return "the client has " + name(answer.rememberedId());
        }

        final String time = " for " + persistence.timeoutS() + " s";
        return answer.formerId() < 0
                ? "the client is not known; it will be" + time
                : "the client had " + formerText() + "; it will have the next one" + time;
    }

    /** The backend that a client leaves, and why. */
    private String formerText() {
        final BackendInfo former = directory.backend(answer.formerId());
        if (former == null || former.retired()) {
            return "a backend that is gone";
        }

        return former.spec().state().keepsClients()
                ? name(former) + ", which this service cannot use"
                : name(former) + ", whose state is " + former.spec().state().label();
    }

    private String limitsText() {
        final List<String> limits = new ArrayList<>();
        final String full =
                answer.fullId() < 0 ? "" : "; " + name(answer.fullId()) + " has as many as it may";
        add(limits, "the service's flows", service.options().limits().maxFlows());
        add(limits, "the service's new flows a second", service.options().limits().maxFlowRate());
        if (backend != null) {
            add(limits, "the backend's flows", backend.spec().maxFlows());
            add(limits, "the backend's new flows a second", backend.spec().maxFlowRate());
        }
        return (limits.isEmpty() ? "none" : "at most " + String.join(", ", limits)) + full;
    }

    private static void add(final List<String> limits, final String what, final int limit) {
        if (limit > 0) {
            limits.add(limit + " for " + what);
        }
    }

    private String modeText() {
        final String target =
                endpoint(
                        backend.spec().address(),
                        backend.spec().port() == 0 ? packet.vipPort() : backend.spec().port());
        final String vip = endpoint(packet.vip(), packet.vipPort());
        return switch (mode()) {
            case NAT -> "nat: destination " + vip + " -> " + target + "; the source stays";
            case FULL_NAT ->
                    "full-nat"
                            + (service != null && service.mode() == Mode.NAT
                                    ? " (in place of nat, as the client is on the backend's"
                                            + " network)"
                                    : "")
                            + ": destination "
                            + vip
                            + " -> "
                            + target
                            + ", source "
                            + endpoint(packet.client(), packet.clientPort())
                            + " -> "
                            + (answer.localAddress().isNone() || answer.opensAnew()
                                    ? "a free port of a local address"
                                    : endpoint(answer.localAddress(), answer.localPort()));
            case DSR_L2 -> "dsr-l2: the packet stays as it is, the MAC is the backend's";
            case DSR_GRE ->
                    "dsr-gre: the packet stays as it is, inside GRE to " + backend.spec().address();
            case DSR_IPIP ->
                    "dsr-ipip: the packet stays as it is, inside IP to " + backend.spec().address();
        };
    }

    private String hopText() {
        return hasHop()
                ? mac() + " by " + interfaceName()
                : "the MAC towards " + backend.spec().address() + " is not known";
    }

    private String verdictText() {
        if (answer.isSent()) {
            return backend == null ? openVerdictText() : "it goes to " + name(backend);
        }

        final DropReason reason = DropReason.ofCode(answer.dropCode());
        return reason == null
                ? "it is dropped"
                : "it is dropped: " + reason.label() + ". " + reason.sentence();
    }

    private String openVerdictText() {
        if (service == null) {
            return "the bridge sends it on as it is";
        }

        return answer.conflicts() > 0
                ? "it goes to another backend, if the scheduler finds one that the client does not"
                        + " talk to by another VIP"
                : "it goes to another backend that is below its limit, if the scheduler finds one";
    }

    // -- in numbers -------------------------------------------------------------------------------

    private JsonObject packetJson() {
        return new JsonObject()
                .put("protocol", packet.protocol().label())
                .put("client", endpoint(packet.client(), packet.clientPort()))
                .put("vip", endpoint(packet.vip(), packet.vipPort()))
                .putIfPresent(
                        "interface",
                        packet.interfaceIndex() < 0
                                ? null
                                : interfaceName(packet.interfaceIndex()));
    }

    private JsonObject flowJson() {
        final JsonObject json =
                new JsonObject()
                        .put("isFound", answer.flow() != Flow.NONE)
                        .put("opensAnew", answer.opensAnew());
        if (answer.flow() != Flow.NONE) {
            json.put("isExpired", answer.flow() == Flow.EXPIRED)
                    .put("isInTable", answer.flow() != Flow.LOOSE)
                    .put("state", answer.flowState())
                    .put("backend", name(answer.flowBackendId()))
                    .put("ageMs", answer.ageMs())
                    .put("idleMs", answer.idleMs())
                    .put("expiresInMs", answer.expiresInMs());
        }

        return json;
    }

    private JsonObject schedulerJson() {
        final JsonObject json = new JsonObject().put("algorithm", service.algorithm().label());
        if (answer.slots() > 0) {
            json.put("slot", answer.slot()).put("slots", answer.slots());
        }
        return json.put("conflicts", answer.conflicts())
                .put(
                        "candidates",
                        candidates().stream()
                                .map(
                                        info ->
                                                new JsonObject()
                                                        .put("backend", name(info))
                                                        .put("weight", info.spec().weight())
                                                        .put("share", info.spec().share())
                                                        .put("priority", info.spec().priority())
                                                        .put("flows", flows(info)))
                                .toList());
    }

    private JsonObject hopJson() {
        return new JsonObject()
                .put("isResolved", hasHop())
                .putIfPresent("mac", hasHop() ? mac() : null)
                .putIfPresent("interface", hasHop() ? interfaceName() : null);
    }

    private List<BackendInfo> candidates() {
        return directory.backends().stream()
                .filter(info -> !info.retired() && info.spec().pool().equals(service.pool()))
                .filter(info -> info.spec().state() == BackendState.UP && info.spec().weight() > 0)
                .toList();
    }

    private long flows(final BackendInfo info) {
        return client.stats().backend(info.id()).flowsActive();
    }

    // -- parts ------------------------------------------------------------------------------------

    private Mode mode() {
        return Mode.ofCode(answer.mode());
    }

    private String reason() {
        final DropReason reason = DropReason.ofCode(answer.dropCode());
        return reason == null ? "unknown" : reason.label();
    }

    private boolean hasHop() {
        return answer.hop() < 0;
    }

    private String mac() {
        return new BackendInfo(0, false, backend.spec(), answer.hop()).mac();
    }

    private String interfaceName() {
        return interfaceName((int) (answer.hop() >>> 48) & 0xff);
    }

    private String interfaceName(final int index) {
        return directory.interfaces().stream()
                .filter(each -> each.index() == index)
                .map(InterfaceInfo::name)
                .findFirst()
                .orElse("interface " + index);
    }

    private String name(final int backendId) {
        final BackendInfo info = backendId < 0 ? null : directory.backend(backendId);
        return info == null ? "a backend that is gone" : name(info);
    }

    private static String name(final BackendInfo info) {
        return info.spec().pool() + "/" + info.spec().name();
    }

    private static String endpoint(final IpAddress address, final int port) {
        return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
    }

    private static String seconds(final long millis) {
        return millis / 1_000 + " s";
    }
}
