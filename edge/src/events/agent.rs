//! The little that is read from a user agent: device, browser, operating system, and whether it is a robot.

/// What a user agent says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// `desktop`, `mobile` or `tablet`.
    pub device: Option<&'static str>,
    /// The browser's name.
    pub browser: Option<&'static str>,
    /// The operating system's name.
    pub os: Option<&'static str>,
    /// Whether it calls itself a robot.
    pub bot: bool,
}

const BOTS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "headless",
    "lighthouse",
    "slurp",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "pingdom",
    "uptime",
    "monitor",
    "preview",
    "facebookexternalhit",
    "curl/",
    "wget/",
    "python-",
    "go-http-client",
    "okhttp",
    "node-fetch",
    "axios/",
    "java/",
    "libwww",
    "httpclient",
];

// In this order: most browsers also name the ones they descend from.
const BROWSERS: &[(&str, &str)] = &[
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("opera", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("vivaldi", "Vivaldi"),
    ("fxios", "Firefox"),
    ("firefox", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("windows", "Windows"),
    ("android", "Android"),
    ("iphone", "iOS"),
    ("ipad", "iPadOS"),
    ("ipod", "iOS"),
    ("mac os", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
];

/// Reads a user agent.
pub fn read(user_agent: &str) -> Agent {
    let ua = user_agent.to_ascii_lowercase();
    let first =
        |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| ua.contains(mark)).map(|(_, name)| *name);
    let os = first(SYSTEMS);
    let phone = ua.contains("mobi") || ua.contains("iphone") || ua.contains("ipod");
    let tablet = ua.contains("ipad") || ua.contains("tablet") || (ua.contains("android") && !phone);
    let device = match (tablet, phone) {
        (true, _) => Some("tablet"),
        (_, true) => Some("mobile"),
        _ => os.map(|_| "desktop"),
    };
    Agent { device, browser: first(BROWSERS), os, bot: ua.is_empty() || BOTS.iter().any(|mark| ua.contains(mark)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_told_apart() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 Edg/138.0",
                ("desktop", "Edge", "Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1",
                ("mobile", "Safari", "iOS"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36",
                ("tablet", "Chrome", "Android"),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("desktop", "Firefox", "Linux")),
        ];
        for (ua, (device, browser, os)) in cases {
            let agent = Agent { device: Some(device), browser: Some(browser), os: Some(os), bot: false };
            assert_eq!(read(ua), agent);
        }
    }

    #[test]
    fn robots_say_so() {
        assert!(read("Mozilla/5.0 (compatible; Googlebot/2.1)").bot);
        assert!(read("Mozilla/5.0 (X11; Linux) HeadlessChrome/138.0 Safari/537.36").bot);
        assert!(read("").bot);
    }
}
