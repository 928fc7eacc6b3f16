package io.naru.linux.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.TestNamespace;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.xdp.FilterDescriptor;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class XdpLinkTest {
    /** Our program and its maps, by its own name or by one that is not ours. */
    private static final class Loaded implements AutoCloseable {
        final Map<String, BpfMap> maps = new LinkedHashMap<>();
        final BpfProgram program;

        Loaded(final String name) throws Exception {
            final byte[] file;
            try (InputStream resource =
                    FilterDescriptor.class.getResourceAsStream(FilterDescriptor.OBJECT)) {
                file = resource.readAllBytes();
            }

            final String bytes = new String(file, StandardCharsets.ISO_8859_1);
            final String renamed = bytes.replace("naru_filter\0", name + "\0");
            final BpfObject object = BpfObject.read(renamed.getBytes(StandardCharsets.ISO_8859_1));
            object.maps().forEach((map, definition) -> maps.put(map, BpfMap.create(definition)));
            program = BpfProgram.load(object, maps);
        }

        @Override
        public void close() {
            program.close();
            maps.values().forEach(BpfMap::close);
        }
    }

    private static Link eth0() {
        return link("eth0");
    }

    private static Link loopback() {
        return link("lo");
    }

    private static Link link(final String name) {
        try (NetlinkSocket socket = NetlinkSocket.open()) {
            return Links.byName(socket, name).orElseThrow();
        }
    }

    @Test
    void shouldAttachNativeAndDetachOnClose() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("link")) {
            namespace.sh("ip link add eth0 type veth peer name peer && ip link set eth0 up");

            namespace.call(
                    () -> {
                        try (Loaded ours = new Loaded("naru_filter")) {
                            final XdpLink link = XdpLink.attach(ours.program, eth0());
                            assertEquals(XdpMode.NATIVE, link.mode());
                            assertEquals("", link.nativeRefusal());
                            assertEquals(Link.XdpMode.NATIVE, eth0().xdpMode());
                            assertEquals("naru_filter", BpfProgram.nameOf(eth0().xdpProgramId()));

                            link.close();
                            assertEquals(0, eth0().xdpProgramId());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldAttachGenericWhereTheDriverRefuses() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("generic")) {
            // loopback's driver knows no XDP
            namespace.call(
                    () -> {
                        try (Loaded ours = new Loaded("naru_filter");
                                XdpLink link = XdpLink.attach(ours.program, loopback())) {
                            assertEquals(XdpMode.GENERIC, link.mode());
                            assertEquals(
                                    "EOPNOTSUPP (Operation not supported)", link.nativeRefusal());
                            assertEquals(Link.XdpMode.GENERIC, loopback().xdpMode());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldRefuseToReplaceAForeignProgram() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("foreign")) {
            namespace.sh("ip link add eth0 type veth peer name peer && ip link set eth0 up");

            namespace.call(
                    () -> {
                        // given somebody else's program
                        try (Loaded theirs = new Loaded("firewall123");
                                Loaded ours = new Loaded("naru_filter");
                                XdpLink link = XdpLink.attach(theirs.program, eth0())) {
                            final int id = eth0().xdpProgramId();

                            // when
                            final LinuxException refused =
                                    assertThrows(
                                            LinuxException.class,
                                            () -> XdpLink.attach(ours.program, eth0()));

                            // then
                            assertEquals(Errno.EBUSY, refused.errno());
                            assertEquals(
                                    "bpf(BPF_LINK_CREATE, XDP native) of eth0: EBUSY (Device or"
                                            + " resource busy): another XDP program is attached"
                                            + " ('firewall123', id %d), and Naru replaces none that is"
                                                    .formatted(id)
                                            + " not its own: stop what attached it, or detach it"
                                            + " with `ip link set dev eth0 xdp off`",
                                    refused.getMessage());
                            assertEquals(
                                    Errno.EEXIST,
                                    assertThrows(
                                                    LinuxException.class,
                                                    () ->
                                                            XdpLink.attach(
                                                                    ours.program,
                                                                    eth0(),
                                                                    XdpMode.GENERIC))
                                            .errno());
                            assertEquals(XdpMode.NATIVE, link.mode());
                            assertEquals(id, eth0().xdpProgramId());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldSayThatAnotherDataPlaneWorksOnTheInterface() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("second")) {
            namespace.sh("ip link add eth0 type veth peer name peer && ip link set eth0 up");

            namespace.call(
                    () -> {
                        try (Loaded first = new Loaded("naru_filter");
                                Loaded second = new Loaded("naru_filter");
                                XdpLink link = XdpLink.attach(first.program, eth0())) {
                            final LinuxException refused =
                                    assertThrows(
                                            LinuxException.class,
                                            () -> XdpLink.attach(second.program, eth0()));

                            assertEquals(
                                    "bpf(BPF_LINK_CREATE, XDP native) of eth0: EBUSY (Device or"
                                            + " resource busy): another Naru data plane works on it"
                                            + " (XDP program naru_filter, id %d): stop that one first"
                                                    .formatted(eth0().xdpProgramId()),
                                    refused.getMessage());
                            assertEquals("eth0", link.interfaceName());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldSayThatTheInterfaceIsGone() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("gone")) {
            namespace.sh("ip link add eth0 type veth peer name peer && ip link set eth0 up");

            namespace.call(
                    () -> {
                        try (Loaded ours = new Loaded("naru_filter")) {
                            final Link link = eth0();
                            namespace.sh("ip link del eth0");

                            assertEquals(
                                    "bpf(BPF_LINK_CREATE, XDP native) of eth0: ENODEV (No such"
                                            + " device): the interface is gone",
                                    assertThrows(
                                                    LinuxException.class,
                                                    () -> XdpLink.attach(ours.program, link))
                                            .getMessage());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldShowTheVerifiersWords() throws Exception {
        try (Loaded ours = new Loaded("naru_filter")) {
            // given the program with a map of another kind in the place of its counters
            final Map<String, BpfMap> maps = new LinkedHashMap<>(ours.maps);
            maps.put(FilterDescriptor.SOCKETS_MAP, ours.maps.get(FilterDescriptor.COUNTERS_MAP));

            final LinuxException refused =
                    assertThrows(
                            LinuxException.class,
                            () ->
                                    BpfProgram.load(
                                            BpfObject.ofResource(
                                                    FilterDescriptor.class,
                                                    FilterDescriptor.OBJECT),
                                            maps));

            assertEquals("bpf(BPF_PROG_LOAD)", refused.call());
            assertEquals(true, refused.getMessage().contains("the verifier says:\n"));
            assertEquals(
                    true,
                    refused.getMessage().contains("cannot pass map_type"),
                    refused.getMessage());
        } catch (final LinuxException e) {
            assumeTrue(e.errno() != Errno.EPERM, "needs the right to load programs: " + e);
            throw e;
        }
    }
}
