package dev.holdfast.admin;

import java.util.List;

/** The registered endpoints of one server of this process. Thread-safe. */
public interface DrainableEndpoints {
  /** The announced addresses, as host:port; those that are not known yet are left out. */
  List<String> addresses();

  /** Marks the endpoint at an address as draining, or takes the mark back. Returns at once. */
  void setDraining(String address, boolean draining);
}
