// The timestamp server over WebSocket, as it is written for Node with the package ws.
const { WebSocketServer } = require('ws');

function ctime() {
  const text = new Date().toString();
  const day = text.slice(8, 10).replace(/^0/, ' ');
  return `${text.slice(0, 8)}${day} ${text.slice(16, 24)} ${text.slice(11, 15)}`;
}

const options = { port: 0, host: '127.0.0.1', backlog: 1024, perMessageDeflate: false };
const server = new WebSocketServer(options, () => {
  console.log(`127.0.0.1:${server.address().port}`);
});

server.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(`[${ctime()}] ${data}`));
  socket.on('error', () => socket.terminate());
});
