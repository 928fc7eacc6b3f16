package io.naru.dataplane;

import java.util.Queue;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * The conductor's way to one worker: a bounded queue of immutable messages.
 *
 * <p>Each method returns false when the queue is full; the conductor tries again in its next duty
 * cycle.
 */
final class WorkerProxy {
    private static final int QUEUE_CAPACITY = 64;

    private final Queue<WorkerMessage> queue = new OneToOneConcurrentArrayQueue<>(QUEUE_CAPACITY);

    boolean snapshot(final WorkerSnapshot snapshot) {
        return queue.offer(worker -> worker.onSnapshot(snapshot));
    }

    boolean query(final FlowQuery query) {
        return queue.offer(worker -> worker.onQuery(query));
    }

    /**
     * The worker's end: delivers up to {@code limit} messages.
     *
     * @return how many were delivered.
     */
    int poll(final WorkerListener worker, final int limit) {
        int count = 0;
        while (count < limit) {
            final WorkerMessage message = queue.poll();
            if (message == null) {
                break;
            }
            message.deliver(worker);
            count++;
        }

        return count;
    }
}
