package io.naru.bench.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A virtual machine with Debian's own kernel, on the switch of a site, as one more backend. */
final class Guest {
    private static final String SCRIPTS = "bench/src/test/sh/";
    private static final String FETCH = SCRIPTS + "fetch-guest-kernel";
    private static final String MAKE = SCRIPTS + "make-guest-image";
    private static final String MAC = "02:00:00:00:00:09";
    private static final String[] PROGRAMS = {
        "qemu-system-x86_64", "busybox", "cpio", "depmod", "gzip"
    };

    private Guest() {}

    /** Skips the calling test, with the reason, where there is no guest to be had. */
    static void assumePossible() {
        SystemUnderTest.assumePossible(PROGRAMS);
        assumeTrue(
                Files.isDirectory(kernel()),
                () -> "no kernel for a guest: %s fetches one".formatted(FETCH));
        assumeTrue(
                System.getProperty("os.arch").equals("amd64"),
                "the guest's kernel is for another processor");
    }

    private static Path kernel() {
        return Balancer.launcher().resolveSibling(".naru/guest-kernel");
    }

    /** Boots one that runs {@code script}, and waits until it has. */
    static void boot(final Site site, final String script, final Path bigFile) {
        final Path directory = site.network().directory();
        final Path image = directory.resolve("guest.img");
        final Path console = directory.resolve("guest.console");
        final Path source = directory.resolve("guest.sh");
        try {
            Files.writeString(source, script);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        Command.run(
                List.of(
                        Balancer.launcher().resolveSibling(MAKE).toString(),
                        kernel().toString(),
                        source.toString(),
                        bigFile.toString(),
                        image.toString()));
        final Namespace host = site.zwitch();
        host.ip("tuntap add dev guest mode tap\nlink set guest up master br0\n");
        host.start(directory.resolve("qemu.log"), Map.of(), command(image, console));
        Await.until(
                "the guest has run its script",
                () -> text(console).contains("guest: "),
                () -> text(console));
        if (!text(console).contains("guest: ready")) {
            throw new IllegalStateException("the guest's script failed: " + text(console));
        }
    }

    private static List<String> command(final Path image, final Path console) {
        return List.of(
                "qemu-system-x86_64",
                "-M",
                "pc",
                "-accel",
                "tcg,thread=single",
                "-cpu",
                "max",
                "-m",
                "192",
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-kernel",
                image(),
                "-initrd",
                image.toString(),
                "-append",
                "console=ttyS0 quiet panic=-1 mitigations=off tsc=unstable nokaslr",
                "-serial",
                "file:" + console,
                "-netdev",
                "tap,id=n0,ifname=guest,script=no,downscript=no",
                "-device",
                // No offloads, or its frames on the tap have half a checksum.
                "virtio-net-pci,netdev=n0,mac=%s,csum=off,gso=off,host_tso4=off,host_tso6=off,"
                                .formatted(MAC)
                        + "host_ecn=off,host_ufo=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ufo=off");
    }

    private static String image() {
        try (Stream<Path> files = Files.list(kernel().resolve("boot"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("vmlinuz-"))
                    .findFirst()
                    .orElseThrow()
                    .toString();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static String text(final Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (final IOException ex) {
            return ex.toString();
        }
    }
}
