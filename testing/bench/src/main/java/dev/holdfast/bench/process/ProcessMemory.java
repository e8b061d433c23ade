package dev.holdfast.bench.process;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The memory usage of another process, measured from this one. */
public final class ProcessMemory {
  private static final long BYTES_PER_KIB = 1_024;
  private static final long SETTLING_MILLIS = 300;
  private static final ObjectName DIAGNOSTIC = name("com.sun.management:type=DiagnosticCommand");
  private static final ObjectName DIRECT = name("java.nio:type=BufferPool,name=direct");

  private ProcessMemory() {}

  /**
   * Bytes of all reachable objects and direct buffers of a JVM: the least of some measurements,
   * since what is under way just then comes and goes.
   */
  // The address is what our own child has just told us; nobody else can name one.
  @SuppressWarnings("BanJNDI")
  public static long ofJvm(long pid, int looks)
      throws IOException, JMException, AttachNotSupportedException, InterruptedException {
    VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
    JMXServiceURL url;
    try {
      url = new JMXServiceURL(machine.startLocalManagementAgent());
    } finally {
      machine.detach();
    }
    try (JMXConnector connector = JMXConnectorFactory.connect(url)) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      long least = Long.MAX_VALUE;
      for (int i = 0; i < looks; i++) {
        TimeUnit.MILLISECONDS.sleep(SETTLING_MILLIS);
        least = Math.min(least, reachable(beans) + direct(beans));
      }
      return least;
    }
  }

  /** The resident set size of a process in bytes, memory held by its allocators included. */
  public static long resident(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * BYTES_PER_KIB)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no VmRSS of " + pid));
  }

  /** The last line of the JVM's own histogram: {@code Total 2687630 112292360}. */
  private static long reachable(MBeanServerConnection beans) throws IOException, JMException {
    Object histogram =
        beans.invoke(
            DIAGNOSTIC,
            "gcClassHistogram",
            new Object[] {new String[0]},
            new String[] {String[].class.getName()});
    String[] words = histogram.toString().strip().split("\\s+", -1);
    return Long.parseLong(words[words.length - 1]);
  }

  private static long direct(MBeanServerConnection beans) throws IOException, JMException {
    return (Long) beans.getAttribute(DIRECT, "MemoryUsed");
  }

  private static ObjectName name(String text) {
    try {
      return new ObjectName(text);
    } catch (JMException e) {
      throw new IllegalStateException(text, e);
    }
  }
}
