package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowTimeouts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ConfigReferenceTest {
    private static final Path PAGE = Path.of("../docs/config.md");

    private static final List<ObjectType<?>> TYPES =
            List.of(
                    ConfigKeys.ROOT,
                    InterfaceKeys.INTERFACE,
                    ServiceKeys.SERVICE,
                    TimeoutKeys.TIMEOUTS,
                    PoolKeys.POOL,
                    BackendKeys.BACKEND,
                    CheckKeys.CHECK,
                    DataPlaneKeys.DATA_PLANE);

    @Test
    void shouldBeThePageThatIsCommitted() throws IOException {
        if (Boolean.getBoolean("naru.golden.write")) {
            Files.writeString(PAGE, ConfigReference.markdown());
        }

        assertEquals(
                ConfigReference.markdown(),
                Files.readString(PAGE),
                "out of date; ./naru export reference > docs/config.md");
    }

    @Test
    void shouldShowTheSmallestFileAsItIs() throws IOException {
        final String file = Files.readString(Path.of("../config/minimal.yaml"));
        final String withoutComments = file.replaceAll("(?m)^#.*\n", "");

        assertTrue(ConfigReference.markdown().contains("```yaml\n" + withoutComments + "```"));
    }

    @Test
    void shouldNameTheTimeoutsThatTheDataPlaneHas() {
        assertEquals(FlowTimeouts.DEFAULT.tcpOpeningNs(), standardNs(TimeoutKeys.TCP_OPENING));
        assertEquals(
                FlowTimeouts.DEFAULT.tcpEstablishedNs(), standardNs(TimeoutKeys.TCP_ESTABLISHED));
        assertEquals(FlowTimeouts.DEFAULT.tcpClosingNs(), standardNs(TimeoutKeys.TCP_CLOSING));
        assertEquals(FlowTimeouts.DEFAULT.udpNs(), standardNs(TimeoutKeys.UDP));
    }

    private static long standardNs(final Key<?, ?> timeout) {
        return Duration.parse("PT" + timeout.defaultText().toUpperCase(Locale.ROOT)).toNanos();
    }

    @Test
    void shouldDescribeEveryKeyInSentences() {
        for (final ObjectType<?> type : TYPES) {
            for (final Key<?, ?> key : type.keys()) {
                assertTrue(key.doc().matches("(?s)\\S.*\\."), key.name() + ": " + key.doc());
                assertTrue(
                        !key.isRequired() || key.example() != null,
                        key.name() + " is required and has no example");
                assertTrue(
                        key.isRequired()
                                || key.defaultText() != null
                                || key == ServiceKeys.POOL
                                || key == ServiceKeys.BACKENDS,
                        key.name() + " is optional and has no default");
            }
        }
    }
}
