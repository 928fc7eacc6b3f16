package io.naru.controlplane.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActorTest {
    @TempDir private Path directory;

    @Test
    void shouldKnowAUserByName() throws IOException {
        final Path passwd =
                Files.writeString(
                        directory.resolve("passwd"),
                        "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1000:::/bin/sh\n");

        assertEquals("ann", Actor.userName(passwd, 1_000));
        assertEquals("1001", Actor.userName(passwd, 1_001));
        assertEquals("7", Actor.userName(directory.resolve("missing"), 7));
    }

    @Test
    void shouldReadBackWhatItWrote() {
        final Actor actor = new Actor(1_000, "ann", 4_711);

        assertEquals(actor, Actor.fromJson(actor.toJson()));
        assertEquals("ann (pid 4711)", actor.toString());
    }
}
