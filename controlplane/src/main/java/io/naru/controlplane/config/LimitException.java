package io.naru.controlplane.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** More than any configuration needs: a file made to exhaust its reader. */
final class LimitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Mark> mark;

    LimitException(final String message, final Optional<Mark> mark) {
        super(message, null, false, false);
        this.mark = mark;
    }

    /** Where the limit was passed. */
    Optional<Mark> mark() {
        return mark;
    }
}
