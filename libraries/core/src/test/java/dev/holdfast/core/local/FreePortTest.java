package dev.holdfast.core.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortTest {
  private static final int COUNT = 300;

  @Test
  void aPortWhoseServerIsDownIsGivenToNobodyElse() throws Exception {
    Set<Integer> ours = ports(FreePort.class);
    assertThat(ours).hasSize(COUNT);

    // As another JVM would load it, with nothing in common but the ports.
    URL classes = FreePort.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader other =
        new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
      assertThat(ports(other.loadClass(FreePort.class.getName())))
          .doesNotContainAnyElementsOf(ours);
    }
  }

  private static Set<Integer> ports(Class<?> freePort) throws Exception {
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < COUNT; i++) {
      try (ServerSocket socket = (ServerSocket) freePort.getMethod("bind").invoke(null)) {
        ports.add(socket.getLocalPort());
      }
    }
    return ports;
  }
}
