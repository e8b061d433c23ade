package dev.holdfast.interop.spring.server;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The server application. Nothing in it names Holdfast. */
@SpringBootApplication
public class OrdersServer {

  /** The program: properties as {@code --name=value}. */
  public static void main(String[] args) {
    SpringApplication.run(OrdersServer.class, args);
  }
}
