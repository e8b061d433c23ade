package dev.holdfast.cli.run;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;

/**
 * The signal handlers of the process, which let it choose its exit code instead of dying of the
 * signal.
 *
 * <p>A shutdown hook can't do that: once it runs, the exit code is decided. {@code sun.misc.Signal}
 * is the only way in Java and part of jdk.unsupported since 9. Access is by reflection, because
 * javac warns of the class and the warning can't be switched off.
 */
public final class Signals {
  private Signals() {}

  /** Runs the action at each Ctrl-C and SIGTERM, on a thread of the JVM's. */
  public static void onStop(Runnable action) {
    for (String name : List.of("INT", "TERM")) {
      var unused = handle(name, signal -> action.run());
    }
  }

  /**
   * Calls the consumer with the name of the signal, such as {@code TERM}, on a thread of the JVM's.
   *
   * @return false when this signal can't be had on this machine
   */
  public static boolean handle(String name, Consumer<String> consumer) {
    try {
      Class<?> signalType = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlerType},
              (proxy, method, args) -> {
                if (method.getName().equals("handle")) {
                  consumer.accept(name);
                  return null;
                }
                return method.invoke(consumer, args);
              });
      Object signal = signalType.getConstructor(String.class).newInstance(name);
      Method handle = signalType.getMethod("handle", signalType, handlerType);
      handle.invoke(null, signal, handler);
      return true;
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException) {
        // The JVM or the system keeps this signal to itself.
        return false;
      }
      throw new IllegalStateException("signal " + name + ": can't be handled", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signal " + name + ": can't be handled", e);
    }
  }
}
