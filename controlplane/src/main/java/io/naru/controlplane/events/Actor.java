package io.naru.controlplane.events;

import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who asked for a change: the process at the other end of the socket, as the kernel names it.
 *
 * @param uid user id.
 * @param user name of the user; the uid in digits when it has none.
 * @param pid process id, 0 when not known.
 */
public record Actor(int uid, String user, int pid) {
    private static final Path PASSWD = Path.of("/etc/passwd");

    /**
     * The actor with a user id and process id (SO_PEERCRED).
     *
     * @param uid of the peer.
     * @param pid of the peer.
     * @return the actor, with the user's name from {@code /etc/passwd}.
     */
    public static Actor of(final int uid, final int pid) {
        return new Actor(uid, userName(PASSWD, uid), pid);
    }

    /**
     * Reads what {@link #toJson()} wrote.
     *
     * @param json the object.
     * @return the actor.
     */
    public static Actor fromJson(final JsonObject json) {
        return new Actor(
                (int) json.number("uid", 0), json.string("user", "?"), (int) json.number("pid", 0));
    }

    /**
     * The actor as JSON.
     *
     * @return uid, user and pid.
     */
    public JsonObject toJson() {
        return new JsonObject().put("uid", uid).put("user", user).put("pid", pid);
    }

    /** {@code root (pid 4711)}. */
    @Override
    public String toString() {
        return pid == 0 ? user : user + " (pid " + pid + ")";
    }

    static String userName(final Path passwd, final int uid) {
        final String wanted = Integer.toString(uid);
        try {
            for (final String line : Files.readAllLines(passwd, StandardCharsets.ISO_8859_1)) {
                final String[] fields = line.split(":", 4); // passwd(5): name:password:uid:…
                if (fields.length == 4 && fields[2].equals(wanted)) {
                    return fields[0];
                }
            }
        } catch (final IOException unreadable) {
            return wanted;
        }

        return wanted;
    }
}
