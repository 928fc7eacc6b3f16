package io.naru.bench.demo;

import io.naru.bench.topology.Curl;
import java.nio.file.Path;
import java.util.List;

/** Where the demo's story plays: real namespaces, or hosts simulated in this process. */
interface Scene extends AutoCloseable {
    /** One line that says what this is made of. */
    String description();

    /**
     * Sets everything up, calling {@code progress} with a sentence before each step that takes
     * time.
     */
    void start(Progress progress);

    /** Names of the backends, in the order they are shown. */
    List<String> backends();

    /** Makes requests through the VIP, one after another, each on a new connection. */
    List<Curl.Reply> request(int count);

    /** Ends a backend's web server as a crash would. */
    void kill(String backend);

    /** Starts it again. */
    void revive(String backend);

    /** The directory that the planes run in. */
    Path runDirectory();

    /** What the logs of the planes say, for the message of a failure. */
    String logs();

    /** Commands to try on a scene that is left standing. */
    List<String> thingsToTry();

    /** Leaves everything running when this process ends. */
    void keep();

    @Override
    void close();

    /** Tells what is being done. */
    interface Progress {
        void step(String sentence);
    }
}
