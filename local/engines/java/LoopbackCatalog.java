package wikilake;

import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/**
 * The Iceberg REST catalog on 127.0.0.1 only; the server class that comes with Iceberg listens on every interface.
 * Its one argument names a properties file: `port`, `name`, and the catalog's own properties under `catalog.`.
 */
public final class LoopbackCatalog {
  private static final String PREFIX = "catalog.";

  private LoopbackCatalog() {}

  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    try (InputStream file = Files.newInputStream(Path.of(arguments[0]))) {
      properties.load(file);
    }
    Map<String, String> options = new HashMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith(PREFIX)) options.put(key.substring(PREFIX.length()), properties.getProperty(key));
    }
    Catalog catalog = CatalogUtil.buildIcebergCatalog(properties.getProperty("name"), options, new Configuration());
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(catalog))), "/*");
    int port = Integer.parseInt(properties.getProperty("port"));
    Server server = new Server(new InetSocketAddress("127.0.0.1", port));
    server.setHandler(handler);
    server.setStopAtShutdown(true);
    server.start();
    System.out.println("catalog listens on 127.0.0.1:" + port);
    server.join();
  }
}
