package io.naru.dataplane;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Runs code as it runs in production, with assertions off, inside a test run that has them on.
 *
 * <p>The checks of {@code Bounds} allocate, so what they guard can only be measured without them.
 * Our classes are loaded a second time, by a loader that has assertions switched off.
 */
public final class AssertionsOff {
    private AssertionsOff() {}

    /** Calls a class with a public constructor without parameters, loaded without assertions. */
    public static <T> T call(final Class<? extends Callable<T>> code) throws Exception {
        try (OwnLoader loader = new OwnLoader()) {
            final Object copy =
                    loader.loadClass(code.getName()).getDeclaredConstructor().newInstance();
            @SuppressWarnings("unchecked")
            final Callable<T> callable = (Callable<T>) copy;
            return callable.call();
        }
    }

    private static final class OwnLoader extends URLClassLoader {
        OwnLoader() throws Exception {
            super(classPath(), AssertionsOff.class.getClassLoader());
            setDefaultAssertionStatus(false);
        }

        @Override
        protected Class<?> loadClass(final String name, final boolean resolve)
                throws ClassNotFoundException {
            if (!name.startsWith("io.naru.")) {
                return super.loadClass(name, resolve);
            }

            synchronized (getClassLoadingLock(name)) {
                final Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : findClass(name);
            }
        }

        private static URL[] classPath() throws Exception {
            final List<URL> urls = new ArrayList<>();
            final String classPath =
                    System.getProperty(
                            "surefire.test.class.path", System.getProperty("java.class.path"));
            for (final String entry : classPath.split(System.getProperty("path.separator"), -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }

            return urls.toArray(new URL[0]);
        }
    }
}
