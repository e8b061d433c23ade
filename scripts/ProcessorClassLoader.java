import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The class loader of javac's plugins, one for each processor path of a process.
 *
 * <p>javac makes a new one for each compilation, so that Maven loads the 3,000 classes of Error
 * Prone sixty times, and none of them lives long enough to be compiled well. javac takes another
 * one that {@code -XDprocloader} names, if it finds it and is called by its main method. {@code
 * ./verify} puts this class on the boot class path of Maven (docs/decisions/1325).
 */
public final class ProcessorClassLoader extends ClassLoader {
  private static final Map<String, ClassLoader> LOADERS = new ConcurrentHashMap<>();

  /** Called by javac, which closes a loader of the JDK's after the compilation, but not this one. */
  public ProcessorClassLoader(URL[] path, ClassLoader parent) {
    super(
        LOADERS.computeIfAbsent(
            Arrays.toString(path), key -> new URLClassLoader(path, parent)));
  }
}
