package io.naru.controlplane.pool;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.Role;

/**
 * One backend as the rules of its pool see it.
 *
 * @param wanted by file, operator and agent together.
 * @param isOverdue whether it is drained and its deadline has passed.
 * @param weight with override and agent.
 * @param ejection null when it is not ejected.
 */
public record Member(
        String name,
        Role role,
        AdminState wanted,
        boolean isOverdue,
        int weight,
        BackendHealth health,
        Ejection ejection) {

    /** Whether it could serve, but for the ejection of outliers and for the pool's rules. */
    public boolean isCandidate() {
        return wanted == AdminState.UP && weight > 0 && health.isGood();
    }

    /** Whether it could serve if the pool's rules let it. */
    public boolean isAble() {
        return isCandidate() && ejection == null;
    }
}
