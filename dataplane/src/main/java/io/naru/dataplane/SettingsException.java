package io.naru.dataplane;

import java.util.List;

/** Settings are not what they have to be; a line of the message for each problem. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SettingsException(final List<String> problems) {
        super(String.join("\n", problems));
    }
}
