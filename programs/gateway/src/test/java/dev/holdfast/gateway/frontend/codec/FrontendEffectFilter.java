package dev.holdfast.gateway.frontend.codec;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * The effects of a {@link FrontendCall} with one of them left out, as of a call that forgets it:
 * the simulation must catch each but {@link #ALL}.
 */
enum FrontendEffectFilter {
  ALL(""),
  CALL_NOT_CANCELLED("cancel"),
  CALL_NOT_HALF_CLOSED("halfClose"),
  HEAD_FORGOTTEN("begin"),
  MESSAGES_NOT_REQUESTED("request"),
  REPLY_FORGOTTEN("answer"),
  WINDOW_NOT_GIVEN_BACK("giveBack");

  private final String forgotten;

  FrontendEffectFilter(String forgotten) {
    this.forgotten = forgotten;
  }

  /** The same object without the effect that is left out. */
  <T> T filter(Class<T> type, T effects) {
    return this == ALL ? effects : type.cast(without(type, effects));
  }

  @SuppressWarnings("NullAway")
  private Object without(Class<?> type, Object effects) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> {
          if (method.getName().equals(forgotten)) {
            return null;
          }
          try {
            return method.invoke(effects, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}
