package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;

/**
 * The commands of one change on their way to the data plane: as many as the ring has room for, the
 * rest at the next duty cycle, and then the answers that are still out.
 */
final class Transmission {
    private final DesiredState target;
    private final long deadlineMs;
    private final Set<Long> unanswered = new HashSet<>();
    private final List<BooleanSupplier> steps = new ArrayList<>();
    private int nextStep;

    private Transmission(final DesiredState target, final long deadlineMs) {
        this.target = target;
        this.deadlineMs = deadlineMs;
    }

    static Transmission of(
            final DesiredState target,
            final Changes changes,
            final CommandProxy commands,
            final long deadlineMs) {
        final Transmission transmission = new Transmission(target, deadlineMs);
        if (changes.whole()) {
            transmission.addWhole(commands, commands::commitConfig);
        } else {
            transmission.addSmall(changes, commands);
        }

        return transmission;
    }

    /** A whole state that is tried and not applied. */
    static Transmission ofTrial(
            final DesiredState target, final CommandProxy commands, final long deadlineMs) {
        final Transmission transmission = new Transmission(target, deadlineMs);
        transmission.addWhole(commands, commands::tryConfig);
        return transmission;
    }

    private void addWhole(final CommandProxy commands, final LongPredicate end) {
        final long id = commands.nextCorrelationId();
        unanswered.add(id);
        steps.add(
                () ->
                        commands.beginConfig(
                                id,
                                target.revision(),
                                target.services().size(),
                                target.pools().size(),
                                target.backends().size(),
                                target.localAddresses().size()));
        target.pools().forEach(pool -> steps.add(() -> commands.putPool(id, pool)));
        target.backends().forEach(backend -> steps.add(() -> commands.putBackend(id, backend)));
        target.localAddresses()
                .forEach(address -> steps.add(() -> commands.putLocalAddress(id, address)));
        target.services().forEach(service -> steps.add(() -> commands.putService(id, service)));
        steps.add(() -> end.test(id));
    }

    private void addSmall(final Changes changes, final CommandProxy commands) {
        for (final BackendSpec backend : changes.backends()) {
            final long id = commands.nextCorrelationId();
            unanswered.add(id);
            steps.add(
                    () ->
                            commands.setBackend(
                                    id,
                                    backend.pool(),
                                    backend.name(),
                                    backend.weight(),
                                    backend.share(),
                                    backend.state()));
        }
        for (final ServiceSpec service : changes.services()) {
            final long id = commands.nextCorrelationId();
            unanswered.add(id);
            steps.add(() -> commands.setAlgorithm(id, service.name(), service.algorithm()));
        }
    }

    /** Sends what there is room for; false when nothing could be sent. */
    boolean send() {
        final int before = nextStep;
        while (nextStep < steps.size() && steps.get(nextStep).getAsBoolean()) {
            nextStep++;
        }

        return nextStep > before;
    }

    /** Whether the answer was one of ours. */
    boolean onAnswer(final long correlationId) {
        return unanswered.remove(correlationId);
    }

    /** Whether nothing is left to send; answers may be out. */
    boolean isSent() {
        return nextStep == steps.size();
    }

    boolean isAwaited(final long correlationId) {
        return unanswered.contains(correlationId);
    }

    boolean isDone() {
        return nextStep == steps.size() && unanswered.isEmpty();
    }

    boolean isLate(final long nowMs) {
        return nowMs > deadlineMs;
    }

    /** The state that the data plane has when all was answered. */
    DesiredState target() {
        return target;
    }
}
