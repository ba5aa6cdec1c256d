// The timestamp server as it is written for Node: net, and one write for each chunk.
const net = require('net');

// As C's ctime writes it: "Sat Jun 17 17:27:21 2006", the day without a leading zero.
function ctime() {
  const text = new Date().toString();
  const day = text.slice(8, 10).replace(/^0/, ' ');
  return `${text.slice(0, 8)}${day} ${text.slice(16, 24)} ${text.slice(11, 15)}`;
}

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.setEncoding('latin1');
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    if (lines.length === 0) return;
    const stamp = `[${ctime()}] `;
    socket.write(lines.map((line) => `${stamp}${line}\n`).join(''), 'latin1');
  });
  socket.on('error', () => socket.destroy());
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  console.log(`127.0.0.1:${server.address().port}`);
});
