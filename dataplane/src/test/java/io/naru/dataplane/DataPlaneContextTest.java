package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.port.xdp.XdpSettings;
import io.naru.dataplane.protocol.DataPlaneProperties;
import io.naru.linux.memory.HugePages;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class DataPlaneContextTest {
    private final Properties properties = new Properties();
    private final Properties overrides = new Properties();

    @Test
    void shouldReadEverySetting() {
        properties.setProperty(DataPlaneProperties.RUN_DIR, "/run/other");
        properties.setProperty(DataPlaneProperties.TOPOLOGY, "one-arm");
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0, eth1");
        properties.setProperty(DataPlaneProperties.interfaceMode("eth0"), "generic");
        properties.setProperty(DataPlaneProperties.interfaceZeroCopy("eth0"), "off");
        properties.setProperty(DataPlaneProperties.interfaceQueues("eth0"), "4");
        properties.setProperty(DataPlaneProperties.interfaceQueues("eth1"), "auto");
        properties.setProperty(DataPlaneProperties.CPUS, "2,3");
        properties.setProperty(DataPlaneProperties.FLOW_CAPACITY, "10000000");
        properties.setProperty(DataPlaneProperties.interfaceVlan("eth0"), "100");
        properties.setProperty(DataPlaneProperties.FRAMES, "8192");
        properties.setProperty(DataPlaneProperties.FRAME_SIZE, "4096");
        properties.setProperty(DataPlaneProperties.HUGE_PAGES, "on");
        properties.setProperty(DataPlaneProperties.IDLE, "busy");
        properties.setProperty(DataPlaneProperties.VIP_ECHO, "false");
        properties.setProperty(DataPlaneProperties.HASH_SEED, "-7");

        final DataPlaneContext context = context().conclude();

        assertEquals(Path.of("/run/other"), context.runDirectory());
        assertEquals(Topology.ONE_ARM, context.topology());
        assertEquals(
                List.of(
                        new XdpSettings.Interface(
                                "eth0", XdpSettings.Mode.GENERIC, XdpSettings.ZeroCopy.OFF, 4, 100),
                        XdpSettings.Interface.of("eth1")),
                context.interfaces());
        assertEquals(List.of(2, 3), context.cpus());
        assertEquals(10_000_000, context.flowCapacity());
        assertEquals(8_192, context.frames());
        assertEquals(4_096, context.frameSizeBytes());
        assertEquals(HugePages.ON, context.hugePages());
        assertEquals(IdleMode.BUSY, context.idle());
        assertFalse(context.answersEcho());
        assertEquals(-7, context.hashSeed());
    }

    @Test
    void shouldHaveDefaultsForAllButInterfaces() {
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0,eth1");

        final DataPlaneContext context = context().conclude();

        assertEquals(Path.of("/run/naru"), context.runDirectory());
        assertEquals(Topology.ROUTED, context.topology());
        assertEquals(1 << 20, context.flowCapacity());
        assertTrue(context.answersEcho());

        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0");
        assertEquals(Topology.ONE_ARM, context().conclude().topology());
    }

    @Test
    void shouldLetSystemPropertiesWinAndPassOverOthersThere() {
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0");
        properties.setProperty(DataPlaneProperties.FRAMES, "8192");
        overrides.setProperty(DataPlaneProperties.FRAMES, "1024");
        overrides.setProperty("naru.home", "/opt/naru");

        assertEquals(1_024, context().frames());
    }

    @Test
    void shouldNameEverySettingThatIsNotUnderstood() {
        properties.setProperty(DataPlaneProperties.TOPOLOGY, "ring");
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0");
        properties.setProperty(DataPlaneProperties.interfaceMode("eth0"), "fast");
        properties.setProperty(DataPlaneProperties.interfaceMode("eth7"), "native");
        properties.setProperty(DataPlaneProperties.CPUS, "1,x");
        properties.setProperty(DataPlaneProperties.FLOW_CAPACITY, "1M");
        properties.setProperty(DataPlaneProperties.FRAMES, "70000");
        properties.setProperty(DataPlaneProperties.VIP_ECHO, "yes");
        properties.setProperty("naru.flwo.capacity", "3");

        assertEquals(
                List.of(
                        "naru.topology is 'ring', expected routed or one-arm or bridge",
                        "naru.interface.eth0.mode is 'fast', expected auto or native or generic",
                        "naru.cpus is 'x', expected numbers of CPUs from 0 to 1023, separated by"
                                + " commas",
                        "naru.flow.capacity is '1M', expected a whole number from 1 to 1073741824",
                        "naru.frames is '70000', expected a whole number from 256 to 65536",
                        "naru.vip.echo is 'yes', expected true or false",
                        "naru.flwo.capacity is no setting of the data plane",
                        "naru.interface.eth7.mode is no setting of the data plane"),
                problems(this::context));
    }

    @Test
    void shouldNameEverySettingThatDoesNotGoTogether() {
        properties.setProperty(DataPlaneProperties.CPUS, "1,1");
        properties.setProperty(DataPlaneProperties.FRAMES, "1000");
        properties.setProperty(DataPlaneProperties.FRAME_SIZE, "3000");

        assertEquals(
                List.of(
                        "naru.interfaces is empty, expected the names of one or more interfaces",
                        "naru.frames is 1000, expected a power of two",
                        "naru.frame.size is 3000, expected 2048 or 4096",
                        "naru.cpus is [1, 1], expected a CPU for each worker"),
                problems(() -> context().conclude()));

        properties.clear();
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0,eth0");
        assertEquals(
                List.of(
                        "naru.interfaces names 'eth0' twice or not at all, expected each interface"
                                + " once"),
                problems(() -> context().conclude()));
    }

    @Test
    void shouldWarmUpWithPacketsThatAreForwarded() {
        properties.setProperty(DataPlaneProperties.INTERFACES, "eth0,eth1");
        final long packets = WarmUp.run(context().conclude().warmUpBursts(100));

        // 32 from clients and 32 from backends a burst; some are made to be dropped
        assertTrue(packets > 100 * 64 * 3 / 4, () -> "only " + packets);
    }

    private DataPlaneContext context() {
        return DataPlaneContext.of(properties, overrides);
    }

    private static List<String> problems(final Runnable action) {
        return assertThrows(SettingsException.class, action::run).getMessage().lines().toList();
    }
}
