package io.naru.linux;

/**
 * A refusal of the kernel: which call, on what, why, and what to do about it.
 *
 * <p>The message reads {@code bind(AF_XDP) of eth0 queue 3: ENODEV (No such device): <remedy>}.
 */
public final class LinuxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final String object;
    private final int errno;

    /**
     * @param call the system call or operation, such as {@code bind(AF_XDP)}.
     * @param object what it was done to, such as an interface's name; empty if there is none.
     * @param errno the kernel's error number, positive.
     * @param remedy what the operator can do; empty if the error speaks for itself.
     */
    public LinuxException(
            final String call, final String object, final int errno, final String remedy) {
        super(message(call, object, errno, remedy));
        this.call = call;
        this.object = object;
        this.errno = errno;
    }

    /**
     * Passes on a result of {@link Libc} that is not an error.
     *
     * @param result what the call returned: a negative value is {@code -errno}.
     * @return {@code result}.
     * @throws LinuxException if it is an error.
     */
    public static int check(
            final int result, final String call, final String object, final String remedy) {
        if (result < 0) {
            throw new LinuxException(call, object, -result, remedy);
        }

        return result;
    }

    public String call() {
        return call;
    }

    public String object() {
        return object;
    }

    public int errno() {
        return errno;
    }

    private static String message(
            final String call, final String object, final int errno, final String remedy) {
        return call
                + (object.isEmpty() ? "" : " of " + object)
                + ": %s (%s)".formatted(Errno.name(errno), Errno.text(errno))
                + (remedy.isEmpty() ? "" : ": " + remedy);
    }
}
