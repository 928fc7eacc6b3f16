package io.naru.controlplane;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Handles Unix signals.
 *
 * <p>{@code sun.misc.Signal} is in every JDK (module jdk.unsupported) but the compiler warns of it
 * in a way that cannot be switched off, so it is reached by reflection.
 */
final class Signals {
    private Signals() {}

    /**
     * Runs {@code task} whenever the signal comes, on a thread of its own.
     *
     * @param name without SIG: {@code HUP}.
     * @return false if the JVM does not let us, as with -Xrs; the default action stays then.
     */
    static boolean handle(final String name, final Runnable task) {
        try {
            final Class<?> signalClass = Class.forName("sun.misc.Signal");
            final Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
            final Object handler =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(),
                            new Class<?>[] {handlerClass},
                            (proxy, method, arguments) -> {
                                if (method.getName().equals("handle")) {
                                    task.run();
                                }
                                return null;
                            });
            signalClass
                    .getMethod("handle", signalClass, handlerClass)
                    .invoke(
                            null,
                            signalClass.getConstructor(String.class).newInstance(name),
                            handler);
            return true;
        } catch (final ClassNotFoundException
                | NoSuchMethodException
                | InstantiationException
                | IllegalAccessException
                | InvocationTargetException e) {
            return false;
        }
    }
}
