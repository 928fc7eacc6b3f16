package io.naru.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.Test;

class ErrnoTest {
    /** Public for jnr-ffi. */
    public interface StringFunctions {
        // char *strerror(int errnum);
        String strerror(int errno);
    }

    @Test
    void shouldKnowEveryTextThatGlibcKnows() {
        final StringFunctions libc = LibraryLoader.create(StringFunctions.class).load("c");
        int known = 0;

        for (int errno = 1; errno <= 133; errno++) {
            final String text = libc.strerror(errno);
            if (!text.startsWith("Unknown error")) {
                assertEquals(text, Errno.text(errno));
                known++;
            }
        }

        assertTrue(known > 120, "strerror knows only " + known);
    }

    @Test
    void shouldNameConstantsAsTheirFieldsAreNamed() throws IllegalAccessException {
        for (final var field : Errno.class.getFields()) {
            assertEquals(field.getName(), Errno.name(field.getInt(null)));
        }
    }

    @Test
    void shouldNameWhatItDoesNotKnowByNumber() {
        assertEquals("errno 4711", Errno.name(4711));
        assertEquals("errno 41", Errno.name(41));
        assertEquals("unknown error", Errno.text(-1));
    }
}
