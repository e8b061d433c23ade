package dev.holdfast.grpc;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A class loader with a copy of this library of its own, which does not find one class and those
 * nested in it. grpc-java stays that of the program, and finds the class itself.
 */
final class HidingClassLoader extends URLClassLoader {
  private static final String OWN = "dev.holdfast.grpc.";

  private final String hidden;

  HidingClassLoader(String hidden) {
    super(classPath(), ClassLoader.getSystemClassLoader());
    this.hidden = hidden;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (name.equals(hidden) || name.startsWith(hidden + "$")) {
      throw new ClassNotFoundException(name + " is hidden");
    }
    if (!name.startsWith(OWN)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      return known == null ? findClass(name) : known;
    }
  }

  private static URL[] classPath() {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(System.getProperty("java.class.path"))
        .map(HidingClassLoader::url)
        .toArray(URL[]::new);
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(entry, e);
    }
  }
}
