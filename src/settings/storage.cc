#include "settings/storage.h"

#include <regex>

#include "config/table.h"
#include "net/url_check.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, StorageConfig& c) {
  v(c.type, {"type", {"none, or s3_compatible (checked, not active yet).", "none 或 s3_compatible（会检查格式，尚未启用）。"}, kRestart, 0, 0, {"none", "s3_compatible"}});
  v(c.endpoint, {"endpoint", {"Address of the object storage.", "对象存储地址。"}, kRestart, 0, 0, {}, true});
  v(c.bucket, {"bucket", {"The bucket: 3 to 63 of a-z, 0-9, dot and hyphen.", "存储桶：3 到 63 个小写字母、数字、点或连字符。"}});
  v(c.region, {"region", {"The bucket's region.", "存储桶区域。"}});
  v(c.access_key, {"access_key", {"Access key; `${ENV}` or `file:PATH`.", "访问密钥 ID；用 ${ENV} 或 file:路径。"}});
  v(c.secret_key, {"secret_key", {"Secret key; `${ENV}` or `file:PATH`.", "访问密钥；用 ${ENV} 或 file:路径。"}});
}
// clang-format on

void check_storage(Checks& check, const StorageConfig& storage) {
  if (storage.type == "none") return;
  static const std::regex bucket("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  check.needs(!storage.endpoint.empty(), "storage.endpoint",
              "for example https://object-storage.example.com",
              "例如 https://object-storage.example.com");
  check_url(check, "storage.endpoint", storage.endpoint);
  if (!std::regex_match(storage.bucket, bucket)) {
    check.error("storage.bucket",
                "is missing or not a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'",
                "缺失或不是有效的存储桶名：3 到 63 个小写字母、数字、“.”或“-”");
  }
  check.warning(
      "storage",
      "is understood and valid, but object storage is not active in this version: everything is "
      "kept in the local database",
      "格式有效，但本版本尚未启用对象存储：所有数据保存在本地数据库");
}

}  // namespace ai_bot
