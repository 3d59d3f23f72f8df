// Writes the test vectors beside it with the Java client itself, which is their source of truth:
//   java -cp "<kafka-clients and its dependencies>" Vectors.java <folder>
import java.io.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.internal.*;
import org.apache.kafka.common.utils.Utils;

public class Vectors {
  static byte[] utf8(String s) { return s.getBytes(StandardCharsets.UTF_8); }

  static void murmur2(Path file) throws Exception {
    List<String> keys = new ArrayList<>(List.of("21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string",
      "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", "abc", "", "a", "ab", "abcd", "acme", "rahim-traders", "~",
      "ঢাকা", "নিকাশ", "tenant-1|kpi|", "tenant-1|aging.receivables|C-0001", "😀"));
    for (int i = 0; i < 40; i++) keys.add("tenant-" + i * 37);
    StringBuilder out = new StringBuilder("[\n");
    for (int i = 0; i < keys.size(); i++) {
      int hash = Utils.murmur2(utf8(keys.get(i)));
      out.append(String.format("  [\"%s\", %d, %d]%s\n", keys.get(i), hash, Utils.toPositive(hash) % 10, i + 1 < keys.size() ? "," : ""));
    }
    Files.writeString(file, out.append("]\n"));
  }

  static SimpleRecord[] records() {
    SimpleRecord[] all = new SimpleRecord[300];
    for (int i = 0; i < all.length; i++) {
      byte[] value = i % 50 == 7 ? null : utf8(("value-" + i + " ").repeat(40));
      Header[] headers = i % 100 == 3 ? new Header[] {new RecordHeader("h", utf8("x" + i)), new RecordHeader("n", null)} : new Header[0];
      all[i] = new SimpleRecord(1_700_000_000_000L + i, i % 60 == 9 ? null : utf8("k" + i), value, headers);
    }
    return all;
  }

  static String batch(Compression compression, TimestampType type) {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    MemoryRecordsBuilder builder = MemoryRecords.builder(buffer, (byte) 2, compression, type, 5_000_000_000L, 1_800_000_000_000L,
      77L, (short) 3, 11, false, 0);
    for (SimpleRecord record : records()) builder.append(record);
    ByteBuffer bytes = builder.build().buffer();
    byte[] raw = new byte[bytes.remaining()];
    bytes.get(raw);
    return Base64.getEncoder().encodeToString(raw);
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    murmur2(folder.resolve("murmur2.json"));
    Map<String, Compression> all = new LinkedHashMap<>();
    all.put("gzip", Compression.gzip().build());
    all.put("snappy", Compression.snappy().build());
    all.put("lz4", Compression.lz4().build());
    all.put("zstd", Compression.zstd().build());
    StringBuilder out = new StringBuilder("{\n");
    for (Map.Entry<String, Compression> e : all.entrySet()) {
      out.append("  \"" + e.getKey() + "\": \"" + batch(e.getValue(), TimestampType.CREATE_TIME) + "\",\n");
    }
    out.append("  \"logAppendTime\": \"" + batch(Compression.gzip().build(), TimestampType.LOG_APPEND_TIME) + "\"\n}\n");
    Files.writeString(folder.resolve("batches.json"), out);
  }
}
